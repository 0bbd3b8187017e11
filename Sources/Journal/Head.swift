/// The newest row that is known to have been written: its number and its hash.
package struct Head: Sendable, Equatable {
  package let sequence: Int64
  package let hash: ChainHash

  package init(sequence: Int64, hash: ChainHash) {
    self.sequence = sequence
    self.hash = hash
  }

  /// The head of a journal without rows.
  package static let genesis = Head(sequence: 0, hash: .genesis)
}

extension Head {
  /// How many bytes a written head takes: a line of text, padded so that places do not overlap.
  static let encodedLength = 128

  /// The line that ``HeadFile`` keeps: number, hash and a checksum which tells a torn line.
  var encoded: [UInt8] {
    let digits = String(sequence)
    let number = String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    let body = "\(number) \(hash)"
    let line = "\(body) \(Self.checksum(of: body))"
    let padding = String(repeating: " ", count: Self.encodedLength - line.utf8.count - 1)
    return Array("\(line)\(padding)\n".utf8)
  }

  /// Reads one line, or gives nil where it is torn, empty or foreign.
  init?(encoded: some Collection<UInt8>) {
    let words = String(decoding: encoded, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    guard words.count == 3, let sequence = Int64(words[0]), sequence >= 0,
      let hash = ChainHash(hexadecimal: words[1]),
      words[2] == Self.checksum(of: "\(words[0]) \(words[1])")
    else { return nil }
    self.init(sequence: sequence, hash: hash)
  }

  private static func checksum(of body: String) -> String {
    let digest = ChainHash(digestOf: Array(body.utf8))
    return String(digest.description.prefix(16))
  }
}
