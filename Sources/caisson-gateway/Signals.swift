import Dispatch
import Glibc

/// The ways of being asked to stop.
enum Signals {
  /// Returns at the first SIGTERM or SIGINT; a second one ends the process at once.
  static func stopAsked() async {
    let signals = AsyncStream { (continuation: AsyncStream<Void>.Continuation) in
      for number in [SIGTERM, SIGINT] {
        _ = signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler {
          _ = signal(number, SIG_DFL)
          continuation.yield()
        }
        source.activate()
        // Kept for the life of the process.
        _ = Unmanaged.passRetained(source as AnyObject)
      }
    }
    for await _ in signals { return }
  }
}
