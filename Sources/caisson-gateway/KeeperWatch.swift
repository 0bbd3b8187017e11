import CLinux
import Foundation
import Glibc

/// Sees the end of what keeps the models of this machine, which was started before this process was the
/// gateway: keepers that died, and those that took their place, are its children.
struct KeeperWatch {
  /// Where the models are asked.
  let socket: String

  /// Waits on a thread of its own: the gateway has no other children.
  func begin(_ output: StandardOutput) {
    Thread.detachNewThread {
      var status = cl_exit_status()
      while cl_wait(-1, 1, &status) > 0 {}
      _ = unlink(socket)
      output.say(
        "nothing keeps the models of this machine any more: they are refused until the gateway is "
          + "started again"
      )
    }
  }
}
