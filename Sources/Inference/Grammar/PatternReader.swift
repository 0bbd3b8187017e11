/// Reads the regular expressions of `pattern` (a subset of ECMA-262) into expressions over the bytes of
/// a JSON string: literals, classes, groups, alternatives, `* + ? {m,n}`, and anchors at the ends.
///
/// Look-around, references back and word boundaries are refused: no finite automaton has them, or not
/// in this size. A pattern is looked for anywhere in the text unless it is anchored.
struct PatternReader {
  /// What cannot be read.
  struct Failure: Error { let reason: String }

  private let source: [Unicode.Scalar]
  private var at = 0
  private var depth = 0

  /// The whole text between the quotes.
  static func read(_ pattern: String) throws(Failure) -> ByteExpression {
    guard pattern.utf8.count <= 4096 else { throw Failure(reason: "it is too long") }
    var reader = PatternReader(source: Array(pattern.unicodeScalars))
    var parts: [ByteExpression] = []
    let anything = ByteExpression.repeated(CodePointSet.all.inJSON, 0, nil)
    repeat {
      let start = reader.take("^")
      let body = try reader.sequence()
      let end = reader.take("$")
      parts.append(.sequence([start ? .nothing : anything, body, end ? .nothing : anything]))
    } while reader.take("|")
    guard reader.at == reader.source.count else {
      throw Failure(reason: "'\(reader.source[reader.at])' stands where it cannot")
    }
    return .either(parts)
  }

  private init(source: [Unicode.Scalar]) { self.source = source }

  private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard next == wanted else { return false }
    at += 1
    return true
  }

  private mutating func alternatives() throws(Failure) -> ByteExpression {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .either(parts)
  }

  private mutating func sequence() throws(Failure) -> ByteExpression {
    var parts: [ByteExpression] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if scalar == "$" {
        // Only at the very end of an alternative outside of groups.
        guard depth == 0, at + 1 == source.count || source[at + 1] == "|" else {
          throw Failure(reason: "'$' stands inside")
        }
        break
      }
      parts.append(try repetition(of: try atom()))
    }
    return .sequence(parts)
  }

  private mutating func repetition(of part: ByteExpression) throws(Failure) -> ByteExpression {
    var result = part
    var times = 0
    while let scalar = next {
      switch scalar {
      case "*": result = .repeated(result, 0, nil)
      case "+": result = .repeated(result, 1, nil)
      case "?": result = .repeated(result, 0, 1)
      case "{":
        at += 1
        let least = try number()
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : try number() }
        guard next == "}", most ?? least >= least else {
          throw Failure(reason: "a repetition is malformed")
        }
        result = .repeated(result, least, most)
      default: return result
      }
      at += 1
      // What is greedy and what is not makes no difference to what matches as a whole.
      _ = take("?")
      times += 1
      guard times < 3 else { throw Failure(reason: "too many repetitions follow one another") }
    }
    return result
  }

  private mutating func number() throws(Failure) -> Int {
    var digits = ""
    while let scalar = next, ("0"..."9").contains(scalar) {
      digits.unicodeScalars.append(scalar)
      at += 1
    }
    guard let value = Int(digits), value <= 1000 else {
      throw Failure(reason: "a repetition is larger than 1000 or malformed")
    }
    return value
  }

  private mutating func atom() throws(Failure) -> ByteExpression {
    guard let scalar = next else { throw Failure(reason: "it ends too early") }
    at += 1
    switch scalar {
    case "(":
      depth += 1
      defer { depth -= 1 }
      guard depth <= 32 else { throw Failure(reason: "its groups nest too deeply") }
      if take("?") {
        guard take(":") else { throw Failure(reason: "look-around and named groups are not known") }
      }
      let inner = try alternatives()
      guard take(")") else { throw Failure(reason: "a group has no end") }
      return inner
    case "[": return try charset().inJSON
    case ".":
      return CodePointSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).inverted.inJSON
    case "\\": return try escape(inClass: false).inJSON
    case "*", "+", "?", "{", "^", "$": throw Failure(reason: "'\(scalar)' stands where it cannot")
    default: return CodePointSet([scalar.value...scalar.value]).inJSON
    }
  }

  private mutating func charset() throws(Failure) -> CodePointSet {
    let isInverted = take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !take("]") {
      let first = try member()
      if next == "-", at + 1 < source.count, source[at + 1] != "]" {
        at += 1
        let last = try member()
        guard first.count == 1, last.count == 1, first[0].lowerBound <= last[0].upperBound else {
          throw Failure(reason: "a range of a class is malformed")
        }
        ranges.append(first[0].lowerBound...last[0].upperBound)
      } else {
        ranges += first
      }
    }
    let set = CodePointSet(ranges)
    return isInverted ? set.inverted : set
  }

  private mutating func member() throws(Failure) -> [ClosedRange<UInt32>] {
    guard let scalar = next else { throw Failure(reason: "a class has no end") }
    at += 1
    if scalar == "\\" { return try escape(inClass: true).ranges }
    return [scalar.value...scalar.value]
  }

  private mutating func escape(inClass: Bool) throws(Failure) -> CodePointSet {
    guard let scalar = next else { throw Failure(reason: "it ends in a backslash") }
    at += 1
    let digits = CodePointSet([0x30...0x39])
    let word = CodePointSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    let space = CodePointSet([
      0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
      0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    switch scalar {
    // Readers differ on letters beyond ASCII: `\d`, `\w` and `\s` are what all agree on.
    case "d": return digits
    case "D": return CodePointSet([0x00...0x2F, 0x3A...0x7F])
    case "w": return word
    case "W":
      return CodePointSet([0x00...0x2F, 0x3A...0x40, 0x5B...0x5E, 0x60...0x60, 0x7B...0x7F])
    case "s": return CodePointSet([0x09...0x0D, 0x20...0x20])
    case "S": return space.inverted
    case "n": return CodePointSet([0x0A...0x0A])
    case "r": return CodePointSet([0x0D...0x0D])
    case "t": return CodePointSet([0x09...0x09])
    case "f": return CodePointSet([0x0C...0x0C])
    case "v": return CodePointSet([0x0B...0x0B])
    case "x", "u":
      let length = scalar == "x" ? 2 : 4
      guard at + length <= source.count else { throw Failure(reason: "an escape is cut off") }
      var text = ""
      for _ in 0..<length {
        text.unicodeScalars.append(source[at])
        at += 1
      }
      guard let code = UInt32(text, radix: 16), Unicode.Scalar(code) != nil else {
        throw Failure(reason: "an escape is no code point")
      }
      return CodePointSet([code...code])
    case "0"..."9", "a"..."z", "A"..."Z":
      throw Failure(reason: "'\\\(scalar)' is not known")
    default: return CodePointSet([scalar.value...scalar.value])
    }
  }
}
