/// What the name service says to a question.
package struct DNSAnswer: Hashable, Sendable {
  package enum Code: UInt8, Hashable, Sendable {
    case success = 0
    case malformed = 1
    case failed = 2
    case noSuchName = 3
    case notImplemented = 4
    case refused = 5
  }

  package enum Record: Hashable, Sendable {
    /// Four or sixteen bytes.
    case address([UInt8])
    /// The name that an address goes by.
    case pointer(String)
  }

  package var code: Code
  package var records: [Record]

  /// Seconds that an answer is kept by who asked: short, because a policy may change.
  private static let lifetime: UInt32 = 5

  package init(_ code: Code, _ records: [Record] = []) {
    self.code = code
    self.records = records
  }

  /// The message that carries the answer. It is always short enough for a datagram.
  package func message(for query: DNSQuery) -> [UInt8] {
    var bytes = Self.header(
      id: query.id,
      code: code,
      questions: 1,
      answers: records.count,
      additional: query.datagramSize == nil ? 0 : 1,
      isRecursionDesired: query.isRecursionDesired
    )
    bytes += query.question
    for record in records { Self.append(record, to: &bytes) }
    // The root, OPT, a datagram of 1232 bytes, nothing else.
    if query.datagramSize != nil { bytes += [0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0] }
    return bytes
  }

  /// The message that says that a question was none.
  package static func message(id: UInt16, code: Code) -> [UInt8] {
    header(id: id, code: code, questions: 0, answers: 0, additional: 0, isRecursionDesired: false)
  }

  private static func header(
    id: UInt16,
    code: Code,
    questions: UInt8,
    answers: Int,
    additional: UInt8,
    isRecursionDesired: Bool
  ) -> [UInt8] {
    // A response, authoritative, recursion available.
    [
      UInt8(id >> 8), UInt8(id & 0xFF), 0x84 | (isRecursionDesired ? 1 : 0), 0x80 | code.rawValue,
      0, questions, 0, UInt8(clamping: answers), 0, 0, 0, additional,
    ]
  }

  private static func append(_ record: Record, to bytes: inout [UInt8]) {
    let (type, data): (UInt8, [UInt8]) =
      switch record {
      case .address(let address): (address.count == 4 ? 1 : 28, address)
      case .pointer(let name): (12, wire(name))
      }
    // A pointer to the question's name, then type, class, lifetime and data.
    bytes += [0xC0, 12, 0, type, 0, 1]
    for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(lifetime >> shift & 0xFF)) }
    bytes += [UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
  }

  private static func wire(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for label in name.utf8.split(separator: 0x2E) where label.count <= 63 {
      bytes.append(UInt8(label.count))
      bytes += label
    }
    return bytes + [0]
  }
}
