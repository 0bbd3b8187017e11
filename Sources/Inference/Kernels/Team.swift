import Glibc

/// The threads that share the work of an engine, its caller among them.
///
/// A piece of work is a count of units, which the threads take from in turn, large parts first. The
/// caller takes part and closes the work when nothing is left to take: a thread that the machine has
/// no core for at that moment is not waited for. Between two pieces of work a thread looks out for
/// the next one for `patience`, then sleeps: an idle team uses no CPU.
package final class Team: Sendable {
  /// Threads that work, the caller included.
  package let threads: Int
  private let board = Board()
  private let workers: [pthread_t]

  /// Starts the threads; where the system gives fewer, the team has fewer.
  ///
  /// - Parameter threads: one or more; more than there are cores only makes it slower.
  package init(threads: Int) {
    var workers: [pthread_t] = []
    for index in 1..<max(1, threads) {
      guard let worker = Worker(index: index, board: board).start() else { break }
      workers.append(worker)
    }
    self.workers = workers
    self.threads = workers.count + 1
  }

  deinit {
    board.dismiss()
    for worker in workers { pthread_join(worker, nil) }
  }

  /// Calls the body with parts that together make up `0..<count`, from any of the threads at the same
  /// time, and returns when all of it is done.
  ///
  /// Callers on several threads take turns. A body must not call this again.
  ///
  /// - Parameters:
  ///   - grain: parts begin at multiples of this; a part has at least so many units, the last one
  ///     excepted. One or more.
  ///   - body: gets a part and the index of the thread it runs on, below `threads`.
  package func each(_ count: Int, grain: Int, _ body: (_ part: Range<Int>, _ thread: Int) -> Void) {
    guard count > 0 else { return }
    guard threads > 1, count > grain else {
      body(0..<count, 0)
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        board.run(Board.Work(count: count, grain: grain, threads: threads, body: body))
      }
    }
  }
}

/// One of the threads, before it starts.
private final class Worker: Sendable {
  private let index: Int
  private let board: Board

  init(index: Int, board: Board) {
    self.index = index
    self.board = board
  }

  /// Signals are for the threads that the program knows: these have none.
  func start() -> pthread_t? {
    var thread = pthread_t()
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let retained = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
        worker.board.serve(as: worker.index)
        return nil
      },
      retained.toOpaque()
    )
    guard result == 0 else {
      retained.release()
      return nil
    }
    return thread
  }
}
