/// A question to the name service, read strictly: one question, no compression, no answers in it.
package struct DNSQuery: Hashable, Sendable {
  package let id: UInt16
  package let isRecursionDesired: Bool
  /// In lower case, without the final dot; bytes that no host's name holds are written `\DDD`.
  package let name: String
  package let type: UInt16
  package let recordClass: UInt16
  /// The question as it was asked: an answer repeats it to the letter.
  package let question: [UInt8]
  /// The size of datagram that the asker can take; nil where it did not say.
  package let datagramSize: UInt16?

  package static let longest = 1024
  package static let internet: UInt16 = 1

  /// Why a message is not a question that can be answered.
  package enum Problem: Error, Hashable, Sendable {
    /// Not even the header of a question: there is nobody to answer.
    case noQuestion
    /// The asker is told by a response code.
    case refused(id: UInt16, code: DNSAnswer.Code)
  }

  package init(_ message: [UInt8]) throws(Problem) {
    guard message.count >= 12, message.count <= Self.longest, message[2] & 0x80 == 0 else {
      throw .noQuestion
    }
    var reader = ByteReader(message)
    guard let id = reader.integer16(), let flags = reader.integer16(),
      let questions = reader.integer16(), let answers = reader.integer16(),
      let authorities = reader.integer16(), let additional = reader.integer16()
    else { throw .noQuestion }
    self.id = id
    isRecursionDesired = flags & 0x0100 != 0
    guard flags >> 11 & 0xF == 0 else { throw .refused(id: id, code: .notImplemented) }
    let malformed = Problem.refused(id: id, code: .malformed)
    guard questions == 1, answers == 0, authorities == 0, additional <= 1 else { throw malformed }
    guard let name = Self.name(&reader), let type = reader.integer16(),
      let recordClass = reader.integer16()
    else { throw malformed }
    self.name = name
    self.type = type
    self.recordClass = recordClass
    question = Array(message[12..<reader.offset])
    datagramSize = additional == 1 ? try Self.extensionSize(&reader, malformed) : nil
    guard reader.isAtEnd else { throw malformed }
  }

  /// The labels of a name; nil where one is too long, or points elsewhere.
  private static func name(_ reader: inout ByteReader) -> String? {
    var text: [UInt8] = []
    var length = 1
    while let count = reader.byte() {
      if count == 0 { return String(decoding: text.isEmpty ? [0x2E] : text, as: UTF8.self) }
      guard count <= 63, let label = reader.bytes(Int(count)) else { return nil }
      length += Int(count) + 1
      guard length <= 255 else { return nil }
      if !text.isEmpty { text.append(0x2E) }
      for byte in label { append(byte, to: &text) }
    }
    return nil
  }

  private static func append(_ byte: UInt8, to text: inout [UInt8]) {
    switch byte {
    case 0x41...0x5A: text.append(byte | 0x20)
    case 0x61...0x7A, 0x30...0x39, 0x2D, 0x5F: text.append(byte)
    default:
      text.append(0x5C)
      for divisor: UInt8 in [100, 10, 1] { text.append(0x30 + byte / divisor % 10) }
    }
  }

  /// EDNS (RFC 6891): the only record that a question may carry.
  private static func extensionSize(
    _ reader: inout ByteReader,
    _ malformed: Problem
  ) throws(Problem) -> UInt16 {
    guard reader.byte() == 0, reader.integer16() == 41, let size = reader.integer16(),
      reader.bytes(4) != nil, let count = reader.integer16(), reader.bytes(Int(count)) != nil
    else { throw malformed }
    return max(size, 512)
  }
}
