import Dispatch
import Glibc

/// The ways of being asked to stop: SIGTERM and SIGINT, from when this is made.
struct Signals {
  private let asked: AsyncStream<Void>

  init() {
    asked = AsyncStream { (continuation: AsyncStream<Void>.Continuation) in
      for number in [SIGTERM, SIGINT] {
        _ = signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler {
          // A second one ends the process at once.
          _ = signal(number, SIG_DFL)
          continuation.yield()
        }
        source.activate()
        // Kept for the life of the process.
        _ = Unmanaged.passRetained(source as AnyObject)
      }
    }
  }

  /// Returns at the first signal, also if it has come already.
  func stopAsked() async {
    for await _ in asked { return }
  }
}
