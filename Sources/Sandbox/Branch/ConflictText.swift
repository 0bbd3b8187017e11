/// The places of a file in which git has marked a conflict, for people and models to read.
package enum ConflictText {
  private static let beginning = Array("<<<<<<< ".utf8)
  private static let end = Array(">>>>>>> ".utf8)
  /// Lines that are shown before and after a place.
  private static let around = 2

  /// Whether any marks are left.
  package static func hasMarks(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: 10).contains { $0.starts(with: beginning) || $0.starts(with: end) }
  }

  /// The marked places with what is around them, each line with its number.
  ///
  /// - Parameter lines: How many are given at most.
  package static func places(in bytes: [UInt8], atMost lines: Int) -> String {
    let all = bytes.split(separator: 10, omittingEmptySubsequences: false)
    var isShown = [Bool](repeating: false, count: all.count)
    var isInside = false
    for (index, line) in all.enumerated() {
      let begins = line.starts(with: beginning)
      if begins { isInside = true }
      if isInside {
        let from = begins ? max(0, index - around) : index
        let ends = line.starts(with: end)
        let to = ends ? min(all.count - 1, index + around) : index
        for place in from...to { isShown[place] = true }
        if ends { isInside = false }
      }
    }
    var text = ""
    var count = 0
    var last = -1
    for (index, line) in all.enumerated() where isShown[index] {
      guard count < lines else { return text + "  …\n" }
      if last >= 0, index > last + 1 { text += "  …\n" }
      text += "\(index + 1)\t\(String(decoding: line.prefix(400), as: UTF8.self))\n"
      (last, count) = (index, count + 1)
    }
    return text
  }
}
