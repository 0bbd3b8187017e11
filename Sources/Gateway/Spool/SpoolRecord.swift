internal import CZlib

/// Which call of the ledger an answer belongs to.
package struct CallNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  package init(_ rawValue: Int64) {
    self.rawValue = rawValue
  }

  package static func < (left: CallNumber, right: CallNumber) -> Bool {
    left.rawValue < right.rawValue
  }

  package var description: String { "\(rawValue)" }
}

/// Where a record begins: the number of its segment, from 1, and the byte in it.
struct RecordPlace: Sendable, Hashable {
  var segment: UInt32
  var offset: UInt32

  /// What the first record of a call has in place of one before it.
  static let none = RecordPlace(segment: 0, offset: 0)
}

/// What stands before each record's bytes: checksum, length, kind, call, and the call's record before.
///
/// Each record names the one before it, so that an answer is read by going back along its own
/// records: the spool remembers one place a call and not one a piece, and passes over nothing that
/// belongs to others. The checksum covers the bytes and then the rest of the head, so that it is
/// begun before the place of the record is known.
struct RecordHead: Equatable {
  enum Kind: UInt8 {
    case begin = 1
    case piece = 2
    case end = 3
    /// Belongs to no call: what a closed segment holds.
    case index = 4
  }

  var kind: Kind
  var call: CallNumber
  var previous: RecordPlace
  var length: Int

  static let size = 25
  /// More than any piece that a connection reads at once; a length above it is damage.
  static let longest = 16 << 20

  /// Writes the head into the first bytes of a record whose other bytes are there already.
  func write(into record: UnsafeMutableRawBufferPointer, payloadChecksum: UInt32) {
    record.store(UInt32(length), at: 4)
    record.store(kind.rawValue, at: 8)
    record.store(call.rawValue, at: 9)
    record.store(previous.segment, at: 17)
    record.store(previous.offset, at: 21)
    let head = UnsafeRawBufferPointer(rebasing: record[4..<Self.size])
    record.store(checksum(head, after: payloadChecksum), at: 0)
  }
}

extension RecordHead {
  /// Reads the head at `offset`; nil where none can be, or the record does not fit the bytes.
  init?(in bytes: UnsafeRawBufferPointer, at offset: Int) {
    self.init(headIn: bytes, at: offset)
    guard length <= bytes.count - offset - Self.size else { return nil }
  }

  /// Reads the head alone, where the record's bytes are not at hand.
  init?(headIn bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard offset >= 0, bytes.count - offset >= Self.size,
      let kind = Kind(rawValue: bytes[offset + 8])
    else { return nil }
    self.kind = kind
    length = Int(bytes.load(UInt32.self, at: offset + 4))
    guard length <= Self.longest else { return nil }
    call = CallNumber(bytes.load(Int64.self, at: offset + 9))
    previous = RecordPlace(
      segment: bytes.load(UInt32.self, at: offset + 17),
      offset: bytes.load(UInt32.self, at: offset + 21)
    )
  }

  /// Whether the record that this head was read from has the checksum that it names.
  func isWhole(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    let payload = UnsafeRawBufferPointer(
      rebasing: bytes[offset + Self.size..<offset + Self.size + length]
    )
    let head = UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + Self.size])
    return checksum(head, after: checksum(payload)) == bytes.load(UInt32.self, at: offset)
  }
}

/// zlib's CRC-32, going on after `sum`.
func checksum(_ bytes: UnsafeRawBufferPointer, after sum: UInt32 = 0) -> UInt32 {
  // zlib answers a missing address with the first value, whatever came before.
  guard let address = bytes.baseAddress, !bytes.isEmpty else { return sum }
  return UInt32(
    truncatingIfNeeded: crc32_z(
      uLong(sum),
      address.assumingMemoryBound(to: UInt8.self),
      bytes.count
    )
  )
}

extension UnsafeRawBufferPointer {
  /// Reads a little-endian number; the caller has checked that it is there.
  func load<Number: FixedWidthInteger>(_: Number.Type, at offset: Int) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}

extension UnsafeMutableRawBufferPointer {
  func store(_ number: some FixedWidthInteger, at offset: Int) {
    storeBytes(of: number.littleEndian, toByteOffset: offset, as: type(of: number))
  }
}
