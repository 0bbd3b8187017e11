import ArgumentParser
import Glibc

/// The descriptors 0 to 2, as the caller left them.
enum StandardDescriptors {
  /// Puts something in the place of those that the caller closed, before anything is opened.
  ///
  /// Else the next file opened, such as the journal, would take the number: messages would be
  /// written into it, and the run would inherit it. Reading and writing fail as on what is closed.
  static func occupy() {
    for number: Int32 in 0...2 where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is the one that was found closed.
      _ = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY)
    }
  }

  /// Ends the process where what was printed has not arrived: what nobody could read was not said.
  static func settle() {
    // Where it fails in the midst of it, too: the end of the last line waits until now.
    guard fflush(nil) != 0 else { return }
    complain("standard output cannot be written: \(String(cString: strerror(errno)))")
    // Not by way of exit, which would try once more.
    _exit(caissonFailed.rawValue)
  }
}
