import CLinux
import Dispatch
import Egress
import Synchronization

/// The tap of the run's loopback: hears of packets that go where nobody listens.
final class TapSocket: Sendable {
  private let descriptor: CInt
  private let attempts: AttemptLog
  private let reading = Mutex([UInt8](repeating: 0, count: 4096))

  init(_ descriptor: CInt, _ attempts: AttemptLog) {
    self.descriptor = descriptor
    self.attempts = attempts
  }

  /// Reads on a thread of its own until the process ends.
  func watch() {
    DispatchQueue(label: "tap").async { [self] in
      while true {
        var entry = cl_poll(descriptor: descriptor, wanted: Int16(CL_POLLIN), seen: 0)
        guard cl_poll(&entry, 1, attempts.isWaiting ? 1_000 : -1, 1) >= 0 else { return }
        take()
      }
    }
  }

  /// Takes what there is, and tells what is due.
  func take(isLast: Bool = false) {
    reading.withLock { buffer in
      // A flood must not keep what was seen from being told.
      for _ in 0..<4_096 {
        let count = cl_packet_head(descriptor, &buffer, buffer.count)
        guard count >= 0 else { break }
        attempts.note(Array(buffer[..<count]))
      }
      attempts.noteLost(max(cl_packet_losses(descriptor), 0))
      attempts.flush(isLast: isLast)
    }
  }
}
