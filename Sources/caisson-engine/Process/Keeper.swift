import CLinux
import Glibc

/// Keeps an engine behind a socket: starts one when somebody connects, and another after one that died.
///
/// It holds the socket itself, so that whoever connects while there is no engine waits in the kernel
/// instead of being refused, and so that until somebody asks nothing is loaded and nothing runs. One
/// thread, which sleeps in `poll`. Standard input is its lifeline: where that ends, it ends, and the
/// engine with it.
struct Keeper {
  let program: String
  /// Where the socket lies, which goes with it.
  let socket: String?

  /// Between the deaths of two engines that did not live long.
  private static let longestRest = 10_000
  /// What an engine has for its last answers.
  private static let grace = 15_000

  func run() throws -> Never {
    var rest = 0
    while true {
      if Self.wait(for: [0, EngineSetup.listener], atMost: -1) == 0 { end() }
      let started = cl_monotonic_milliseconds()
      let engine = try Engine(program)
      if Self.wait(for: [0, engine.ended], atMost: -1) == 0 {
        engine.end(within: Self.grace)
        end()
      }
      let status = engine.reap()
      say("the engine ended with \(status); another one is started when it is asked")
      let lived = cl_monotonic_milliseconds() - started
      rest = lived > 5_000 ? 0 : min(max(rest * 2, 50), Self.longestRest)
      // The first death of a row costs no wait.
      if rest > 50, Self.wait(for: [0], atMost: Int32(rest)) == 0 { end() }
    }
  }

  private func end() -> Never {
    if let socket { _ = unlink(socket) }
    exit(0)
  }

  /// The place in the list of the first descriptor that has something; nil where time is over.
  fileprivate static func wait(for descriptors: [CInt], atMost milliseconds: Int32) -> Int? {
    while true {
      var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let count = poll(&polled, nfds_t(polled.count), milliseconds)
      if count < 0, errno == EINTR { continue }
      return polled.firstIndex { $0.revents != 0 }
    }
  }

  /// A process that serves.
  private struct Engine {
    let pid: CInt
    /// Readable once it has ended.
    let ended: CInt
    /// Closed, it tells the engine to end.
    private let lifeline: CInt

    init(_ program: String) throws {
      var ends: [CInt] = [-1, -1]
      let made = cl_pipe(&ends)
      guard made == 0 else { throw StartError("pipe: \(String(cString: strerror(-made)))") }
      defer { close(ends[0]) }
      var words = [strdup(program), strdup("serve"), nil]
      var names: [UnsafeMutablePointer<CChar>?] = [nil]
      defer { for word in words { free(word) } }
      let shown = [ends[0], 1, 2, EngineSetup.descriptor, EngineSetup.listener]
      let child = cl_spawn(program, &words, &names, shown, CInt(shown.count))
      guard child > 0 else {
        close(ends[1])
        throw StartError("cannot start \(program): \(String(cString: strerror(-child)))")
      }
      (pid, lifeline) = (child, ends[1])
      ended = cl_pidfd_open(child)
      guard ended >= 0 else { throw StartError("pidfd: \(String(cString: strerror(-ended)))") }
    }

    /// How it ended, in words.
    func reap() -> String {
      close(lifeline)
      close(ended)
      var status = cl_exit_status()
      while cl_wait(pid, 1, &status) == -EINTR {}
      return status.signal > 0 ? "signal \(status.signal)" : "status \(status.code)"
    }

    func end(within milliseconds: Int) {
      close(lifeline)
      if Keeper.wait(for: [ended], atMost: Int32(milliseconds)) == nil { _ = cl_kill(pid, SIGKILL) }
    }
  }
}
