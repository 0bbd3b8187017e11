/// Upper, lower and title case by Unicode's own tables, code point by code point as Python does.
extension TemplateText {
  private var scalars: String.UnicodeScalarView { string.unicodeScalars }

  private func mapped(_ map: (Unicode.Scalar) -> String) -> TemplateText {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for scalar in scalars { result += Array(map(scalar).utf8) }
    return TemplateText(bytes: result, isMarkup: isMarkup)
  }

  var uppercased: TemplateText {
    if bytes.allSatisfy({ $0 < 0x80 }) {
      return TemplateText(
        bytes: bytes.map { (0x61...0x7A).contains($0) ? $0 - 32 : $0 },
        isMarkup: isMarkup
      )
    }
    return mapped { $0.properties.uppercaseMapping }
  }

  var lowercased: TemplateText {
    if bytes.allSatisfy({ $0 < 0x80 }) {
      return TemplateText(
        bytes: bytes.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 },
        isMarkup: isMarkup
      )
    }
    return mapped { $0.properties.lowercaseMapping }
  }

  var swappedCase: TemplateText {
    mapped { scalar in
      let properties = scalar.properties
      if properties.isUppercase { return properties.lowercaseMapping }
      return properties.isLowercase ? properties.uppercaseMapping : String(scalar)
    }
  }

  /// The first code point in title case, the others in lower case.
  var capitalized: TemplateText {
    var first = true
    return mapped { scalar in
      defer { first = false }
      return first ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
    }
  }

  /// Each run of letters capitalised: `str.title`.
  var titled: TemplateText {
    var inside = false
    return mapped { scalar in
      let properties = scalar.properties
      defer { inside = properties.isCased }
      return inside ? properties.lowercaseMapping : properties.titlecaseMapping
    }
  }

  /// Each word of Jinja's `title`: parted by space, hyphen and opening brackets only.
  var titledWords: TemplateText {
    var start = true
    var result = mapped { scalar in
      if Self.whitespace(Array(String(scalar).utf8), at: 0) > 0
        || "-({[<".unicodeScalars.contains(scalar)
      {
        start = true
        return String(scalar)
      }
      defer { start = false }
      return start ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
    }
    result.isMarkup = false
    return result
  }

  var isLower: Bool {
    var some = false
    for scalar in scalars {
      if scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter {
        return false
      }
      some = some || scalar.properties.isLowercase
    }
    return some
  }

  var isUpper: Bool {
    var some = false
    for scalar in scalars {
      if scalar.properties.isLowercase || scalar.properties.generalCategory == .titlecaseLetter {
        return false
      }
      some = some || scalar.properties.isUppercase
    }
    return some
  }

  /// Every code point is of these, and there is one.
  func isAll(_ test: (Unicode.Scalar) -> Bool) -> Bool {
    !bytes.isEmpty && scalars.allSatisfy(test)
  }
  var isSpace: Bool { isAll { Self.whitespace(Array(String($0).utf8), at: 0) > 0 } }
  var isDigit: Bool {
    isAll { $0.properties.numericType == .digit || $0.properties.numericType == .decimal }
  }
  var isDecimal: Bool { isAll { $0.properties.numericType == .decimal } }
  var isNumeric: Bool { isAll { $0.properties.numericType != nil } }
  var isAlpha: Bool { isAll(Self.isLetter) }
  var isAlphanumeric: Bool { isAll { Self.isLetter($0) || $0.properties.numericType != nil } }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
