internal import CLinux
internal import Glibc

/// A question to the person at the terminal: y is yes, any other answer is no, and so is none for a
/// minute. The run's own terminal stands still meanwhile.
struct TerminalQuestion: ~Copyable {
  /// What it is about.
  let place: String
  private let terminal: Descriptor
  private let asked = ContinuousClock.now

  /// Keys of the first moment were meant for the program.
  private static let reading = Duration.milliseconds(500)
  private static let patience = Duration.seconds(60)

  /// Asks, where this process group has the foreground of a terminal.
  static func ask(_ place: String, _ text: String) -> TerminalQuestion? {
    let number = cl_open(
      Int32(CL_AT_FDCWD),
      "/dev/tty",
      Int32(CL_O_RDWR | CL_O_NONBLOCK | CL_O_NOCTTY),
      0
    )
    guard number >= 0 else { return nil }
    let question = TerminalQuestion(place: place, terminal: Descriptor(number))
    guard cl_terminal_is_foreground(number) == 1 else { return nil }
    question.show("\r\n\(text) [y/N] ")
    return question
  }

  private init(place: String, terminal: consuming Descriptor) {
    self.place = place
    self.terminal = terminal
  }

  /// Whether somebody can be asked.
  static var isPossible: Bool {
    let number = cl_open(Int32(CL_AT_FDCWD), "/dev/tty", Int32(CL_O_RDWR | CL_O_NOCTTY), 0)
    guard number >= 0 else { return false }
    let terminal = Descriptor(number)
    return cl_terminal_is_foreground(terminal.number) == 1
  }

  /// The terminal, to be waited for.
  var descriptor: Int32 { terminal.number }

  /// Milliseconds until it answers itself.
  var rest: Int32 {
    let left = Self.patience - (ContinuousClock.now - asked)
    return Int32(max(0, min(left / .milliseconds(1), 60_000))) + 1
  }

  /// The answer; nil where there is none yet.
  func answer() -> Bool? {
    let age = ContinuousClock.now - asked
    if age > Self.patience { return tell(false) }
    // Whoever lost the foreground cannot answer; reading would stop this process.
    guard cl_terminal_is_foreground(terminal.number) == 1 else { return nil }
    var keys = [UInt8](repeating: 0, count: 256)
    let count = cl_read(terminal.number, &keys, keys.count)
    if count == 0 || (count < 0 && count != -Int(EAGAIN)) { return tell(false) }
    guard count > 0, age > Self.reading else { return nil }
    return tell(keys[0] | 0x20 == UInt8(ascii: "y"))
  }

  private func tell(_ answer: Bool) -> Bool {
    show(answer ? "yes\r\n" : "no\r\n")
    return answer
  }

  private func show(_ text: String) {
    let bytes = Array(text.utf8)
    _ = cl_write(terminal.number, bytes, bytes.count)
  }
}
