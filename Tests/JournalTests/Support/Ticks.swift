import Synchronization

/// A clock that moves one microsecond each time it is read.
final class Ticks: Sendable {
  private let time = Mutex<Int64>(1_700_000_000_000_000)

  func next() -> Int64 {
    time.withLock { time in
      time += 1
      return time
    }
  }
}
