import Glibc

/// What stdout is, so far as a table must know.
enum TerminalGlimpse {
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  static var hasColour: Bool {
    isTerminal && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true)
  }

  /// Columns of the terminal; nil where stdout is none.
  static var width: Int? {
    var size = winsize()
    guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }
}
