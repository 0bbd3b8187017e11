internal import CLinux
internal import Glibc
internal import Synchronization

/// The thread on which all sessions of this process are looked after: one `poll` for all of them.
///
/// A session costs it two entries of that poll, and nothing while nothing happens. Each session's state
/// belongs to this thread, so that it needs no lock.
final class SessionLoop: Sendable {
  /// Made on first use, and there as long as the process is.
  static let shared = SessionLoop()

  private struct Incoming {
    var work: [@Sendable () -> Void] = []
    var links: [SessionLink] = []
    var hasThread = false
  }

  private let incoming = Mutex(Incoming())
  /// Written to end a poll; -1 where there is none, and then nothing can be opened.
  private let bell: (read: Int32, write: Int32)

  private init() {
    var ends: [Int32] = [-1, -1]
    if cl_pipe(&ends) == 0 { for end in ends { _ = cl_set_nonblocking(end, 1) } }
    bell = (ends[0], ends[1])
  }

  /// Looks after a session until it says that it is over. False where there can be no thread.
  func add(_ link: SessionLink) -> Bool {
    let isRunning = incoming.withLock { incoming in
      if !incoming.hasThread, bell.read >= 0 { incoming.hasThread = startThread() }
      if incoming.hasThread { incoming.links.append(link) }
      return incoming.hasThread
    }
    ring()
    return isRunning
  }

  /// Does something on the thread, before it waits again.
  func async(_ work: @escaping @Sendable () -> Void) {
    incoming.withLock { $0.work.append(work) }
    ring()
  }

  private func ring() {
    var byte: UInt8 = 1
    _ = cl_write(bell.write, &byte, 1)
  }

  private func startThread() -> Bool {
    var before = sigset_t()
    var all = sigset_t()
    sigfillset(&all)
    // Signals belong to the threads that wait for them.
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let made = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<SessionLoop>.fromOpaque(argument).takeUnretainedValue().run()
      },
      Unmanaged.passUnretained(self).toOpaque()
    )
    if made == 0 { pthread_detach(thread) }
    return made == 0
  }

  private func run() -> Never {
    var links: [SessionLink] = []
    var bytes = [UInt8](repeating: 0, count: 64)
    while true {
      let (work, new) = incoming.withLock { incoming in
        defer { (incoming.work, incoming.links) = ([], []) }
        return (incoming.work, incoming.links)
      }
      links += new
      for piece in work { piece() }
      let now = ContinuousClock.now
      for link in links { link.advance(now) }
      links.removeAll(where: \.isOver)

      var entries = [pollfd(fd: bell.read, events: Int16(POLLIN), revents: 0)]
      for link in links { entries += link.wanted }
      let next = links.compactMap(\.deadline).min()
      let patience = next.map { Int32(clamping: max($0 - .now, .zero).milliseconds + 1) } ?? -1
      guard poll(&entries, nfds_t(entries.count), patience) > 0 else { continue }
      if entries[0].revents != 0 { _ = cl_read(bell.read, &bytes, bytes.count) }
      for (index, link) in links.enumerated() {
        link.handle(socket: entries[1 + 2 * index].revents, errors: entries[2 + 2 * index].revents)
      }
    }
  }
}
