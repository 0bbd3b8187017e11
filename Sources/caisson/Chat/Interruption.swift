import CLinux
import Glibc

/// Ctrl-C, waited for instead of obeyed.
final class Interruption {
  /// Readable when it came; -1 where it cannot be waited for.
  let descriptor: Int32
  /// Whether the conversation was to end.
  var hasEnded = false

  init() {
    descriptor = cl_signal_descriptor([SIGINT], 1)
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    cl_unblock_signals()
  }

  /// Whether it came since the last time.
  func take() -> Bool {
    var came = false
    while descriptor >= 0, cl_next_signal(descriptor) > 0 { came = true }
    return came
  }
}
