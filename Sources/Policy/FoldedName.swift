/// A name as the least discerning file system would compare it.
///
/// A change is judged on a Linux file system that tells `.GIT` from `.git`, and may be applied to
/// one that does not: ext4 and f2fs with case folding, vfat, exFAT, NTFS, a share, HFS+. Those
/// ignore case, some ignore invisible characters, some drop dots and spaces at the end, give short
/// names such as `GIT~1`, or take `:` for the beginning of a stream. A name that any of them would
/// open as a start-up file counts as one: the price of a mistake is a question.
enum FoldedName {
  /// The spellings under which a component may be found; never empty.
  static func fold(_ component: some Collection<UInt8>) -> String {
    if component.allSatisfy({ $0 < 0x80 }) { return foldASCII(component) }
    var folded = String.UnicodeScalarView()
    for scalar in String(decoding: Array(component), as: UTF8.self).unicodeScalars {
      if isIgnored(scalar) { continue }
      let narrow = narrowed(scalar)
      // Upper case first: `ſ` and `ı` have no lower case of their own, but meet `s` and `i` above.
      for upper in narrow.properties.uppercaseMapping.unicodeScalars {
        for lower in upper.properties.lowercaseMapping.unicodeScalars where !isMark(lower) {
          folded.append(lower)
        }
      }
    }
    return trimmed(Array(String(folded).utf8))
  }

  /// The same for what nearly every name is made of, in little time: trees have many names.
  private static func foldASCII(_ component: some Collection<UInt8>) -> String {
    trimmed(component.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
  }

  /// Code points that HFS+ and case-folding ext4 leave out of comparison.
  private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 { return false }
    return scalar.properties.isDefaultIgnorableCodePoint
      || scalar.properties.generalCategory == .format
  }

  /// The dot that `İ` leaves behind in lower case.
  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == 0x307
  }

  /// Full-width forms as their ASCII twins, for file systems that compare by compatibility.
  private static func narrowed(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0xFF01...0xFF5E: Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar
    default: scalar
    }
  }

  private static func trimmed(_ name: [UInt8]) -> String {
    var bytes = name
    if let stream = bytes.dropFirst().firstIndex(of: 0x3A) { bytes.removeSubrange(stream...) }
    while bytes.count > 1, bytes.last == 0x2E || bytes.last == 0x20 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
