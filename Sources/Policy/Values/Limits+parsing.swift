extension Limits {
  /// Seconds of a duration such as `1h30m`, `45s` or `500ms`.
  package static func seconds(parsing text: String) throws(ValueProblem) -> Double {
    Double(try milliseconds(parsing: text)) / 1000
  }

  static func milliseconds(parsing text: String) throws(ValueProblem) -> Int64 {
    let malformed = ValueProblem(
      "\(quoted(text)) is not a duration",
      remedy: "write it as in 1h30m, 45s or 500ms"
    )
    if digits(text, atMost: 18) != nil {
      throw ValueProblem(
        "the duration has no unit",
        remedy: "write \(text)s for seconds, or 1h30m, 500ms"
      )
    }
    var rest = text.utf8[...]
    var total: Int64 = 0
    var units = durationUnits[...]
    while !rest.isEmpty {
      let number = rest.prefix { (0x30...0x39).contains($0) }
      rest = rest.dropFirst(number.count)
      let letters = rest.prefix { !(0x30...0x39).contains($0) }
      rest = rest.dropFirst(letters.count)
      guard let count = digits(Substring(number), atMost: 9), let name = String(letters),
        let index = units.firstIndex(where: { $0.name == name })
      else { throw malformed }
      total += count * units[index].milliseconds
      units = units[(index + 1)...]
    }
    guard total >= 100, total <= 365 * 86_400_000 else {
      throw ValueProblem(
        "\(quoted(text)) is out of bounds",
        remedy: "name a duration from 100ms to 365d"
      )
    }
    return total
  }

  /// Bytes of a size such as `4GiB`.
  package static func bytes(
    parsing text: String,
    atLeast least: UInt64 = 0
  ) throws(ValueProblem) -> UInt64 {
    let number = text.utf8.prefix { (0x30...0x39).contains($0) }
    let unit = text.utf8.dropFirst(number.count).drop { $0 == 0x20 }
    let word = String(unit) ?? ""
    guard let count = digits(Substring(number), atMost: 12) else {
      throw ValueProblem(
        "\(quoted(text)) is not a size",
        remedy: "write a whole number with its unit, as in 4GiB"
      )
    }
    guard let shift = sizeUnits.first(where: { $0.name == word })?.shift else {
      throw unitProblem(word, count)
    }
    guard let bytes = UInt64(exactly: count), bytes <= (UInt64(1) << 60) >> shift else {
      throw ValueProblem("\(quoted(text)) is out of bounds", remedy: "stay at or below 1048576TiB")
    }
    guard bytes << shift >= least else {
      throw ValueProblem(
        "\(quoted(text)) is too little to run anything",
        remedy: "name at least \(Self.text(bytes: least))"
      )
    }
    return bytes << shift
  }

  private static func unitProblem(_ word: String, _ count: Int64) -> ValueProblem {
    if word.isEmpty {
      return ValueProblem(
        "the size has no unit",
        remedy: "write \(count)B for bytes, or as in 4GiB"
      )
    }
    if word.hasPrefix(".") {
      return ValueProblem(
        "a size is a whole number",
        remedy: "write it in a smaller unit, as in 1536MiB"
      )
    }
    let letter = word.first.map { String($0).uppercased() } ?? "G"
    let meant = sizeUnits.first { $0.name.hasPrefix(letter) }.map { "\(count)\($0.name)" }
    return ValueProblem(
      "\(quoted(word)) is not a unit of size here",
      remedy: "write \(meant ?? "it as in 4GiB")"
    )
  }

  /// A number of cores with up to three decimals.
  package static func cores(parsing text: String) throws(ValueProblem) -> Double {
    let milli = Int64(1_000_000_000)
    guard let decimal = Decimal12(text), decimal.fraction % milli == 0 else {
      throw ValueProblem(
        "\(quoted(text)) is not a number of cores",
        remedy: "write it as in 2 or 0.5"
      )
    }
    let thousandths = decimal.whole * 1000 + decimal.fraction / milli
    guard (10...4_096_000).contains(thousandths) else {
      throw ValueProblem("\(quoted(text)) is out of bounds", remedy: "name 0.01 to 4096 cores")
    }
    return Double(thousandths) / 1000
  }

  /// As in `1h30m`.
  package static func text(seconds: Double) -> String {
    var rest = Int64((seconds * 1000).rounded())
    var text = ""
    for unit in durationUnits where rest >= unit.milliseconds {
      text += "\(rest / unit.milliseconds)\(unit.name)"
      rest %= unit.milliseconds
    }
    return text.isEmpty ? "0s" : text
  }

  /// As in `4GiB`: in the largest unit that leaves a whole number.
  package static func text(bytes: UInt64) -> String {
    for unit in sizeUnits where (bytes >> unit.shift) << unit.shift == bytes && bytes != 0 {
      return "\(bytes >> unit.shift)\(unit.name)"
    }
    return "\(bytes)B"
  }

  /// As in `2` or `0.5`.
  package static func text(cores: Double) -> String {
    let thousandths = Int64((cores * 1000).rounded())
    guard thousandths % 1000 != 0 else { return "\(thousandths / 1000)" }
    var fraction = String(thousandths % 1000 + 1000).dropFirst()
    while fraction.hasSuffix("0") { fraction.removeLast() }
    return "\(thousandths / 1000).\(fraction)"
  }

  private static let durationUnits: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  private static let sizeUnits: [(name: String, shift: UInt64)] = [
    ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0),
  ]
}
