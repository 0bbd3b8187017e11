/// How an answer begins: whose it is, and what the client was told before its bytes.
package struct AnswerHead: Sendable, Equatable {
  /// Microseconds since 1970.
  package var begunAt: Int64
  /// What an idempotency key is unique in, with the key: opaque to the spool.
  package var scope: [UInt8]
  /// The hash of the request, so that a key used for another request is noticed.
  package var requestHash: [UInt8]
  /// Status and header fields, as whoever writes them encodes them.
  package var response: [UInt8]

  package init(begunAt: Int64, scope: [UInt8], requestHash: [UInt8], response: [UInt8]) {
    self.begunAt = begunAt
    self.scope = scope
    self.requestHash = requestHash
    self.response = response
  }
}

/// How an answer ended, with what a settlement is made from.
package struct AnswerEnd: Sendable, Equatable {
  package enum Outcome: UInt8, Sendable {
    /// The provider said all that it had to say.
    case complete = 1
    /// The provider broke off.
    case failed = 2
    /// The client went, and the provider was told so.
    case cancelled = 3
  }

  /// Microseconds since 1970.
  package var endedAt: Int64
  package var outcome: Outcome
  /// Usage, for one: opaque to the spool.
  package var summary: [UInt8]

  package init(endedAt: Int64, outcome: Outcome, summary: [UInt8]) {
    self.endedAt = endedAt
    self.outcome = outcome
    self.summary = summary
  }
}

extension AnswerHead {
  /// Time, then each part behind its length.
  var encoded: [UInt8] {
    var bytes = littleEndianBytes(begunAt)
    for part in [scope, requestHash, response] {
      bytes += littleEndianBytes(UInt32(truncatingIfNeeded: part.count))
      bytes += part
    }
    return bytes
  }

  /// The time alone, which opening asks for a hundred thousand times.
  static func time(encoded bytes: UnsafeRawBufferPointer) -> Int64? {
    bytes.count >= 8 ? bytes.load(Int64.self, at: 0) : nil
  }

  init?(encoded bytes: UnsafeRawBufferPointer) {
    guard let time = Self.time(encoded: bytes) else { return nil }
    begunAt = time
    var parts: [[UInt8]] = []
    var place = 8
    for _ in 0..<3 {
      guard bytes.count - place >= 4 else { return nil }
      let length = Int(bytes.load(UInt32.self, at: place))
      place += 4
      guard length <= bytes.count - place else { return nil }
      parts.append(Array(bytes[place..<place + length]))
      place += length
    }
    guard place == bytes.count else { return nil }
    scope = parts[0]
    requestHash = parts[1]
    response = parts[2]
  }
}

extension AnswerEnd {
  /// Time, outcome, and the rest is the summary.
  var encoded: [UInt8] {
    littleEndianBytes(endedAt) + [outcome.rawValue] + summary
  }

  static func time(encoded bytes: UnsafeRawBufferPointer) -> Int64? {
    bytes.count >= 9 ? bytes.load(Int64.self, at: 0) : nil
  }

  init?(encoded bytes: UnsafeRawBufferPointer) {
    guard let time = Self.time(encoded: bytes), let outcome = Outcome(rawValue: bytes[8])
    else { return nil }
    endedAt = time
    self.outcome = outcome
    summary = Array(bytes[9...])
  }
}

private func littleEndianBytes(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
