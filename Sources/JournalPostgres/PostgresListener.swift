import Foundation
import Glibc
import Journal
import Synchronization

/// Hears that somebody has committed, on a connection and a thread of its own.
final class PostgresListener: Sendable {
  private struct State {
    /// Grows with each change that was heard.
    var version = 1
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var next: UInt64 = 0
    var isClosing = false
  }

  private let address: PostgresAddress
  private let state = Mutex(State())
  /// Written to by whoever closes.
  private let closing: (read: Int32, write: Int32)
  private let ended = DispatchSemaphore(value: 0)

  init(_ address: PostgresAddress) {
    self.address = address
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = socketpair(AF_UNIX, kind, 0, &ends)
    closing = (ends[0], ends[1])
    let thread = Thread { self.run() }
    thread.name = "journal-listener"
    thread.stackSize = 512 << 10
    thread.start()
  }

  deinit {
    _ = Glibc.close(closing.read)
    _ = Glibc.close(closing.write)
  }

  var version: Int { state.withLock { $0.version } }

  /// Returns once something has changed since `known`, at `timeout`, or when the task is cancelled.
  func wait(beyond known: Int, timeout: Duration) async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(beyond: known, id) }
      group.addTask { try? await Task.sleep(for: timeout) }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait(beyond known: Int, _ id: UInt64) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.version != known || Task.isCancelled { return true }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  private func tell() {
    let waiters = state.withLock { state in
      state.version += 1
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  func beginClosing() {
    state.withLock { $0.isClosing = true }
    _ = Glibc.write(closing.write, [1], 1)
  }

  func waitForEnd() {
    ended.wait()
    ended.signal()
  }

  // MARK: On the thread

  private func run() {
    var pause: Int32 = 20
    while !state.withLock({ $0.isClosing }) {
      do {
        let connection = try PostgresConnection(address, purpose: "caisson listener")
        try connection.execute("LISTEN caisson")
        pause = 20
        // What was said before nobody heard.
        tell()
        while try wait(for: connection) {
          if try connection.takeNotifications() { tell() }
        }
      } catch {
        // The server is away: it is asked again, a little later each time.
        var close = pollfd(fd: closing.read, events: Int16(POLLIN), revents: 0)
        _ = poll(&close, 1, pause)
        pause = min(pause * 2, 2_000)
      }
    }
    ended.signal()
  }

  /// Waits until the server says something; false when it is time to close.
  private func wait(for connection: PostgresConnection) throws -> Bool {
    var ends = [
      pollfd(fd: connection.socket, events: Int16(POLLIN), revents: 0),
      pollfd(fd: closing.read, events: Int16(POLLIN), revents: 0),
    ]
    guard connection.isOpen, ends[0].fd >= 0 else {
      throw PostgresFailure.lost("the connection broke")
    }
    _ = poll(&ends, 2, -1)
    return ends[1].revents == 0
  }
}
