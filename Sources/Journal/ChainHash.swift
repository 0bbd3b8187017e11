import Crypto

/// The hash of a row: SHA-256 over the row and the hash of the row before it.
package struct ChainHash: Sendable, Hashable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// Stands before the first row.
  package static let genesis = ChainHash(zeros: ())

  private init(zeros: Void) {
    bytes = [UInt8](repeating: 0, count: SHA256.byteCount)
  }

  /// Takes 32 bytes, or gives nil where there are more or fewer.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == SHA256.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads 64 hexadecimal digits, or gives nil where the text is something else.
  package init?(hexadecimal text: some StringProtocol) {
    self.init(hexadecimalDigits: text.utf8)
  }

  init?(hexadecimalDigits: some Collection<UInt8>) {
    let digits = Array(hexadecimalDigits)
    guard digits.count == SHA256.byteCount * 2 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1])
      else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// Computes the hash of a row.
  ///
  /// Each part that varies in length is preceded by it, so that no two different rows have the
  /// same bytes: moving a letter from the kind to the payload changes the hash.
  package init(
    sequence: Int64,
    previous: ChainHash,
    microseconds: Int64,
    run: (some Collection<UInt8>)?,
    kind: some Collection<UInt8>,
    payload: some Collection<UInt8>
  ) {
    var message: [UInt8] = []
    message.reserveCapacity(128 + kind.count + payload.count)
    message.append(contentsOf: Self.domain)
    message.appendBigEndian(UInt64(bitPattern: sequence))
    message.append(contentsOf: previous.bytes)
    message.appendBigEndian(UInt64(bitPattern: microseconds))
    if let run {
      message.append(1)
      message.appendCounted(run)
    } else {
      message.append(0)
    }
    message.appendCounted(kind)
    message.appendCounted(payload)
    self.init(digestOf: message)
  }

  init(digestOf message: [UInt8]) {
    bytes = Array(SHA256.hash(data: message))
  }

  package var description: String { String(decoding: hexadecimal, as: UTF8.self) }

  var hexadecimal: [UInt8] {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      digits.append(Self.digit(byte >> 4))
      digits.append(Self.digit(byte & 15))
    }
    return digits
  }

  /// Keeps these hashes apart from any other use of SHA-256, and from other encodings to come.
  private static let domain = Array("caisson journal row 1\n".utf8)

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

extension [UInt8] {
  fileprivate mutating func appendBigEndian(_ value: UInt64) {
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  fileprivate mutating func appendCounted(_ part: some Collection<UInt8>) {
    appendBigEndian(UInt64(part.count))
    append(contentsOf: part)
  }
}
