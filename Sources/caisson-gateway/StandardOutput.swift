import Dispatch
import Glibc
import Synchronization

/// Lines for the operator on standard error, and of the log on standard output.
///
/// Both are written on a thread of their own: who does not read them stops no call. What does not fit
/// meanwhile is left out, and counted.
final class StandardOutput: Sendable {
  private struct Waiting {
    var lines: [(line: [UInt8], descriptor: CInt)] = []
    var bytes = 0
    var lost = 0
    var isWriting = false
  }

  private static let mostBytes = 4 << 20

  private let waiting = Mutex(Waiting())
  private let queue = DispatchQueue(label: "output")

  func say(_ line: String) {
    add(Array("caisson: \(line)\n".utf8), to: 2)
  }

  func log(_ line: [UInt8]) {
    add(line, to: 1)
  }

  /// Returns when all has been written, or after a moment.
  func finish() {
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    _ = done.wait(timeout: .now() + .seconds(1))
  }

  private func add(_ line: [UInt8], to descriptor: CInt) {
    let starts = waiting.withLock { waiting in
      guard waiting.bytes + line.count <= Self.mostBytes else {
        waiting.lost += 1
        return false
      }
      waiting.lines.append((line, descriptor))
      waiting.bytes += line.count
      defer { waiting.isWriting = true }
      return !waiting.isWriting
    }
    if starts { queue.async { self.writeAll() } }
  }

  private func writeAll() {
    while true {
      let (lines, lost) = waiting.withLock { waiting in
        defer {
          waiting.lines = []
          waiting.bytes = 0
          waiting.lost = 0
        }
        if waiting.lines.isEmpty { waiting.isWriting = false }
        return (waiting.lines, waiting.lost)
      }
      guard !lines.isEmpty else { return }
      for (line, descriptor) in lines { Self.write(line, to: descriptor) }
      if lost > 0 {
        let loss = "caisson: \(lost) lines were left out: they are not read fast enough\n"
        Self.write(Array(loss.utf8), to: 2)
      }
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
