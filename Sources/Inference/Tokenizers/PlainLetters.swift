/// Characters without case and accents, as BERT's uncased models have them.
struct PlainLetters: Sendable {
  var lowercases: Bool
  var stripsAccents: Bool

  private static let decompositions: [UInt32: ArraySlice<UInt32>] = {
    var result: [UInt32: ArraySlice<UInt32>] = [:]
    let units = Decompositions.units
    var index = 0
    while index < units.count {
      let end = index + 1 + Int(units[index] >> 21)
      result[units[index] & 0x1F_FFFF] = units[index + 1..<end]
      index = end
    }
    return result
  }()

  /// What a character becomes, character by character. Marks that take space stay in the order in
  /// which they stand: only nonspacing ones, which are gone, would be put in another.
  func each(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
    guard stripsAccents else { return lower(scalar, body) }
    guard Self.category(of: scalar) != .nonspacingMark else { return }
    if let parts = Self.decompositions[scalar.value] {
      for part in parts { if let part = Unicode.Scalar(part) { lower(part, body) } }
    } else if (0xAC00...0xD7A3).contains(scalar.value) {
      let index = scalar.value - 0xAC00
      for part in [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28]
      where part != 0x11A7 {
        if let part = Unicode.Scalar(part) { body(part) }
      }
    } else {
      lower(scalar, body)
    }
  }

  private func lower(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
    guard lowercases else { return body(scalar) }
    for lower in scalar.properties.lowercaseMapping.unicodeScalars { body(lower) }
  }

  /// The category in Unicode 8, whose tables Hugging Face's tokenizers have: what came later is of
  /// none, and three characters were of another.
  static func category(of scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
    switch scalar.value {
    case 0x166D, 0x111C9: return .otherPunctuation
    case 0x1734: return .nonspacingMark
    default:
      guard let age = scalar.properties.age, age.major <= 8 else { return .unassigned }
      return scalar.properties.generalCategory
    }
  }
}
