import Foundation
import Glibc

/// Reads lines from a terminal, with the keys that everybody uses: arrows for the place in the line and
/// for earlier lines, Home and End, Ctrl-A, E, U, W, C and D.
struct LineEditor {
  enum Event {
    case line(String)
    case interrupted
    case end
  }

  let interruption: Interruption
  private var history: [String] = []
  private static let longestHistory = 500
  private static let longestLine = 1 << 16

  init(interruption: Interruption) {
    self.interruption = interruption
  }

  mutating func read(prompt: String) -> Event {
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return Self.plain(prompt) }
    var raw = before
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
    guard tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { return Self.plain(prompt) }
    defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }
    var line = EditedLine(history: history)
    Self.show(line, prompt)
    while true {
      guard let key = Key.read() else { return .end }
      switch line.take(key) {
      case .goesOn: Self.show(line, prompt)
      case .interrupted:
        Self.write("\r\n")
        return .interrupted
      case .end:
        Self.write("\r\n")
        return .end
      case .done(let text):
        Self.write("\r\n")
        if !text.isEmpty, history.last != text { history.append(text) }
        if history.count > Self.longestHistory { history.removeFirst() }
        return .line(text)
      }
    }
  }

  /// Without a terminal that obeys.
  private static func plain(_ prompt: String) -> Event {
    write(prompt)
    guard let line = readLine() else { return .end }
    return .line(line)
  }

  /// One line of the screen: of a longer one, the part where the cursor is.
  private static func show(_ line: EditedLine, _ prompt: String) {
    let width = max(10, (TerminalGlimpse.width ?? 80) - prompt.count - 1)
    let start = line.cursor < width ? 0 : line.cursor - width + 1
    let shown = String(line.characters[start...].prefix(width)).printable
    let left = String(line.characters[start..<line.cursor]).printable.count
    write("\r\u{1B}[K\(prompt)\(shown)\r\u{1B}[\(prompt.count + left)C")
  }

  private static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}

/// What a person pressed.
enum Key: Equatable {
  case character(Character)
  case enter, backspace, delete, left, right, up, down, home, end
  case interrupt, endOfInput, eraseLine, eraseWord, other

  /// The next one; nil where there are no more.
  static func read() -> Key? {
    guard let byte = nextByte() else { return nil }
    switch byte {
    case 0x0D, 0x0A: return .enter
    case 0x7F, 0x08: return .backspace
    case 0x01: return .home
    case 0x03: return .interrupt
    case 0x04: return .endOfInput
    case 0x05: return .end
    case 0x15: return .eraseLine
    case 0x17: return .eraseWord
    case 0x1B: return sequence()
    case 0x09: return .character(" ")
    case 0..<0x20: return .other
    default: return character(byte)
    }
  }

  private static func sequence() -> Key {
    guard let kind = nextByte(), kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else {
      return .other
    }
    var digits: [UInt8] = []
    while let byte = nextByte() {
      switch byte {
      case UInt8(ascii: "A"): return .up
      case UInt8(ascii: "B"): return .down
      case UInt8(ascii: "C"): return .right
      case UInt8(ascii: "D"): return .left
      case UInt8(ascii: "H"): return .home
      case UInt8(ascii: "F"): return .end
      case UInt8(ascii: "~"):
        switch digits.first {
        case UInt8(ascii: "1"), UInt8(ascii: "7"): return .home
        case UInt8(ascii: "4"), UInt8(ascii: "8"): return .end
        case UInt8(ascii: "3"): return .delete
        default: return .other
        }
      case 0x40...0x7E: return .other
      default: digits.append(byte)
      }
      if digits.count > 16 { return .other }
    }
    return .other
  }

  /// A character of UTF-8, whose first byte has come.
  private static func character(_ first: UInt8) -> Key {
    let count = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3
    var bytes = [first]
    for _ in 0..<count { if let byte = nextByte() { bytes.append(byte) } }
    guard let text = String(validating: bytes, as: UTF8.self), let character = text.first else {
      return .other
    }
    return .character(character)
  }

  private static func nextByte() -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = Glibc.read(STDIN_FILENO, &byte, 1)
      if count < 0, errno == EINTR { continue }
      return count == 1 ? byte : nil
    }
  }
}

/// A line as it is being written.
struct EditedLine {
  enum Outcome: Equatable {
    case goesOn
    case done(String)
    case interrupted
    case end
  }

  private(set) var characters: [Character] = []
  private(set) var cursor = 0
  /// Earlier lines, and behind them this one.
  private var lines: [[Character]]
  private var place: Int

  private static let longest = 1 << 16

  init(history: [String]) {
    lines = history.map(Array.init) + [[]]
    place = history.count
  }

  mutating func take(_ key: Key) -> Outcome {
    switch key {
    case .enter: return .done(String(characters))
    case .interrupt: return .interrupted
    case .endOfInput:
      if characters.isEmpty { return .end }
      erase(at: cursor)
    case .character(let character):
      guard characters.count < Self.longest else { return .goesOn }
      characters.insert(character, at: cursor)
      cursor += 1
    case .backspace:
      guard cursor > 0 else { return .goesOn }
      cursor -= 1
      erase(at: cursor)
    case .delete: erase(at: cursor)
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .home: cursor = 0
    case .end: cursor = characters.count
    case .up: go(to: place - 1)
    case .down: go(to: place + 1)
    case .eraseLine:
      characters.removeFirst(cursor)
      cursor = 0
    case .eraseWord:
      while cursor > 0, characters[cursor - 1] == " " { backspace() }
      while cursor > 0, characters[cursor - 1] != " " { backspace() }
    case .other: break
    }
    return .goesOn
  }

  private mutating func backspace() {
    cursor -= 1
    erase(at: cursor)
  }

  private mutating func erase(at place: Int) {
    if characters.indices.contains(place) { characters.remove(at: place) }
  }

  private mutating func go(to other: Int) {
    guard lines.indices.contains(other) else { return }
    lines[place] = characters
    place = other
    characters = lines[other]
    cursor = characters.count
  }
}
