/// What is refused before a YAML reader sees it.
///
/// The reader below us recurses by nesting, follows aliases and is quadratic in places. These
/// checks look at characters alone, so that they hold whatever the text pretends to be: they may
/// refuse a harmless text (and say how to write it), never pass a harmful one.
struct TextCheck {
  static let mostLines = 20_000
  /// Opening brackets and braces in the whole document.
  static let mostOpeners = 8_000
  /// Question marks that could begin a complex key.
  static let mostQuestions = 16

  let file: String
  private(set) var problems: [Problem] = []
  private var line = 1
  private var column = 0
  private var openers = 0
  private var questions = 0

  private init(file: String) {
    self.file = file
  }

  /// Everything in the text that must not reach the YAML reader.
  static func problems(in text: String, file: String) -> [Problem] {
    guard text.utf8.count <= PolicyDocument.largestSize else {
      return [
        Problem(
          file: file,
          key: "",
          what: "the document is larger than 1 MiB",
          remedy: "shorten it"
        )
      ]
    }
    var check = TextCheck(file: file)
    check.run(text)
    return check.problems
  }

  private mutating func run(_ text: String) {
    var previous: Unicode.Scalar = "\n"
    var pending: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if let indicator = pending { judge(indicator, before: scalar) }
      pending = nil
      column += 1
      judgeCharacter(scalar)
      if problems.count >= 20 || openers > Self.mostOpeners || line > Self.mostLines { break }
      switch scalar {
      case "&" where Self.mayBeginToken(after: previous):
        pending = scalar
      case "?" where Self.mayBeginToken(after: previous):
        pending = scalar
      case "[", "{":
        openers += 1
      case "\n":
        line += 1
        column = 0
      default:
        break
      }
      previous = scalar
    }
    if openers > Self.mostOpeners {
      report("the document opens more than \(Self.mostOpeners) brackets", "shorten it")
    }
    if line > Self.mostLines {
      report("the document has more than \(Self.mostLines) lines", "shorten it")
    }
    if questions > Self.mostQuestions {
      report("the document uses '?' for its keys", "write keys as in version: 1")
    }
  }

  /// Whether a token of YAML can begin behind this character. Only characters behind which it
  /// surely cannot are left out.
  private static func mayBeginToken(after scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "/", "_", "=", ".", "%", "+", ";", "&": false
    default: true
    }
  }

  private mutating func judge(_ indicator: Unicode.Scalar, before next: Unicode.Scalar) {
    switch next {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-":
      guard indicator == "&" else { return }
      report(
        "'&' begins a YAML anchor, and documents here have no anchors and aliases",
        "write the value out; in a text, write \"\\x26\" for '&' behind a space"
      )
    default:
      if indicator == "?" { questions += 1 }
    }
  }

  private mutating func judgeCharacter(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E: return
    case 0xFEFF where line == 1 && column == 1:
      column = 0
    case 0x0...0x1F, 0x7F...0x9F, 0xFEFF, 0xFFFE, 0xFFFF:
      report("the character \(name(scalar)) is not allowed here", "remove it")
    case 0x2028, 0x2029:
      report("the character \(name(scalar)) breaks lines unseen", "remove it")
    case 0x202A...0x202E, 0x2066...0x2069, 0x200E, 0x200F:
      report("the invisible character \(name(scalar)) changes how the line reads", "remove it")
    default: return
    }
  }

  private func name(_ scalar: Unicode.Scalar) -> String {
    let hex = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
  }

  private mutating func report(_ what: String, _ remedy: String) {
    problems.append(
      Problem(file: file, line: line, column: max(column, 1), key: "", what: what, remedy: remedy)
    )
  }
}
