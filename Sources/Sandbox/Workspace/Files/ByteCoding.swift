/// Writes the fixed little-endian form of Caisson's own state files.
struct ByteWriter {
  private(set) var buffer: [UInt8] = []
  var count: Int { buffer.count }

  mutating func byte(_ value: UInt8) { buffer.append(value) }

  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
  }

  mutating func bytes(_ value: [UInt8]) {
    integer(UInt32(truncatingIfNeeded: value.count))
    buffer += value
  }

  mutating func timestamp(_ value: Timestamp) {
    integer(value.seconds)
    integer(value.nanoseconds)
  }

  mutating func identity(_ value: FileIdentity) {
    integer(value.inode)
    timestamp(value.changed)
    integer(value.size)
  }

  /// Hands over what was written so far and begins anew.
  mutating func drain(_ body: (UnsafeRawBufferPointer) -> Void) {
    buffer.withUnsafeBytes(body)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// Reads that form. A damaged file gives an error, never a trap.
struct ByteReader {
  struct Damaged: Error { let what: String }

  private let buffer: [UInt8]
  private var position = 0

  init(_ buffer: [UInt8]) { self.buffer = buffer }

  var isAtEnd: Bool { position == buffer.count }

  mutating func byte() throws(Damaged) -> UInt8 {
    guard position < buffer.count else { throw Damaged(what: "it ends early") }
    defer { position += 1 }
    return buffer[position]
  }

  mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(Damaged) -> Value {
    let size = MemoryLayout<Value>.size
    guard buffer.count - position >= size else { throw Damaged(what: "it ends early") }
    let value = buffer.withUnsafeBytes {
      Value(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Value.self))
    }
    position += size
    return value
  }

  mutating func bytes() throws(Damaged) -> [UInt8] {
    let count = Int(try integer(UInt32.self))
    guard buffer.count - position >= count else { throw Damaged(what: "it ends early") }
    defer { position += count }
    return Array(buffer[position..<(position + count)])
  }

  mutating func timestamp() throws(Damaged) -> Timestamp {
    Timestamp(seconds: try integer(Int64.self), nanoseconds: try integer(UInt32.self))
  }

  mutating func identity() throws(Damaged) -> FileIdentity {
    FileIdentity(
      inode: try integer(UInt64.self),
      changed: try timestamp(),
      size: try integer(UInt64.self)
    )
  }

  mutating func path() throws(Damaged) -> RelativePath {
    guard let path = RelativePath(try bytes()) else { throw Damaged(what: "a path in it is none") }
    return path
  }
}

/// A 64-bit FNV-1a sum: finds torn and damaged state files. It is no defence against malice.
func checksum(_ bytes: [UInt8]) -> UInt64 {
  bytes.withUnsafeBufferPointer { buffer in
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    var index = 0
    while index < buffer.count {
      sum = (sum ^ UInt64(buffer[index])) &* 0x100_0000_01b3
      index += 1
    }
    return sum
  }
}
