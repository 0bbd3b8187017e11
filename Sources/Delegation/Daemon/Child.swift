import CLinux
import Dispatch
import Glibc
import Synchronization

/// A process that the daemon keeps: its end is awaited, and it is told to end by what it holds.
final class Child: Sendable {
  let pid: Int32
  /// The writing end of its standard input; closed, it tells the child to end. -1 once it is.
  private let lifeline: Mutex<Int32>
  private let ending = Mutex<Ending>(.running([]))

  private enum Ending {
    case running([CheckedContinuation<Int32, Never>])
    case ended(Int32)
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Starts a program; what it prints goes where this process's goes.
  ///
  /// - Parameter input: what it is told on standard input, before that stays open as its lifeline.
  init(
    _ program: String,
    _ arguments: [String],
    environment: [String],
    input: [UInt8] = []
  ) throws(Failure) {
    var ends: [Int32] = [-1, -1]
    let made = cl_pipe(&ends)
    guard made == 0 else {
      throw Failure(description: "pipe: \(String(cString: strerror(-made)))")
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var names = environment.map { strdup($0) } + [nil]
    defer { for text in words + names { free(text) } }
    let child = cl_spawn(program, &words, &names, [ends[0], 1, 2], 3)
    _ = cl_close(ends[0])
    guard child > 0 else {
      _ = cl_close(ends[1])
      throw Failure(description: "cannot start \(program): \(String(cString: strerror(-child)))")
    }
    pid = child
    lifeline = Mutex(ends[1])
    Self.write(input, to: ends[1])
    let thread = DispatchQueue(label: "caisson.child")
    thread.async { self.wait() }
  }

  deinit { closeLifeline() }

  /// Its exit status, as a shell would say it.
  var status: Int32 {
    get async {
      await withCheckedContinuation { continuation in
        let known: Int32? = ending.withLock { ending in
          switch ending {
          case .ended(let status): return status
          case .running(let waiting):
            ending = .running(waiting + [continuation])
            return nil
          }
        }
        if let known { continuation.resume(returning: known) }
      }
    }
  }

  func closeLifeline() {
    let descriptor = lifeline.withLock { lifeline in
      defer { lifeline = -1 }
      return lifeline
    }
    if descriptor >= 0 { _ = cl_close(descriptor) }
  }

  func signal(_ number: Int32) {
    let isRunning = ending.withLock { ending in
      if case .running = ending { return true }
      return false
    }
    if isRunning { _ = cl_kill(pid, number) }
  }

  private func wait() {
    var status = cl_exit_status()
    while cl_wait(pid, 1, &status) == -EINTR {}
    let code = status.signal > 0 ? 128 + status.signal : status.code
    let waiting: [CheckedContinuation<Int32, Never>] = ending.withLock { ending in
      guard case .running(let waiting) = ending else { return [] }
      ending = .ended(code)
      return waiting
    }
    for continuation in waiting { continuation.resume(returning: code) }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    bytes.withUnsafeBytes { buffer in
      while sent < buffer.count {
        guard let base = buffer.baseAddress else { return }
        let count = Glibc.write(descriptor, base + sent, buffer.count - sent)
        if count <= 0 { return }
        sent += count
      }
    }
  }
}
