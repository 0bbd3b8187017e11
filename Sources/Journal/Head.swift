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
    let digits = Array(String(sequence).utf8)
    var line = [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 20 - digits.count)) + digits
    line.reserveCapacity(Self.encodedLength)
    line.append(Self.space)
    line += hash.hexadecimal
    let checksum = Self.checksum(of: line)
    line.append(Self.space)
    line += checksum
    line += [UInt8](repeating: Self.space, count: Self.encodedLength - line.count - 1)
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// Reads one line, or gives nil where it is torn, empty or foreign.
  init?(encoded: some Collection<UInt8>) {
    // Byte by byte: it is read before each commit.
    let words = Array(encoded).split { $0 == Self.space || $0 == UInt8(ascii: "\n") }
    guard words.count == 3, let sequence = Int64(String(decoding: words[0], as: UTF8.self)),
      sequence >= 0, let hash = ChainHash(hexadecimalDigits: words[1]),
      words[2].elementsEqual(Self.checksum(of: words[0] + [Self.space] + words[1]))
    else { return nil }
    self.init(sequence: sequence, hash: hash)
  }

  private static let space = UInt8(ascii: " ")

  private static func checksum(of body: some Sequence<UInt8>) -> ArraySlice<UInt8> {
    ChainHash(digestOf: Array(body)).hexadecimal.prefix(16)
  }
}
