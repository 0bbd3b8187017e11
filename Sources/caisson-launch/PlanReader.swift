import CLinux

/// A text inside the plan's bytes, ended by NUL. Valid as long as the process: the plan is never
/// freed, and never written after it was read, so that it may cross any boundary.
struct PlanText: @unchecked Sendable {
  let pointer: UnsafePointer<CChar>
  let count: Int
}

/// Why a plan was refused.
enum PlanError: Error {
  case tooShort, tooLong, wrongMagic, wrongVersion, trailingBytes, badText, badStep, badIndex
}

/// Reads the plan's fields in order and checks each bound before use.
struct PlanReader {
  private let base: UnsafeRawPointer
  private let count: Int
  private var offset = 0

  init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  var isAtEnd: Bool { offset == count }

  mutating func byte() throws(PlanError) -> UInt8 {
    guard offset < count else { throw .tooShort }
    defer { offset += 1 }
    return base.load(fromByteOffset: offset, as: UInt8.self)
  }

  mutating func word() throws(PlanError) -> UInt32 {
    guard count - offset >= 4 else { throw .tooShort }
    defer { offset += 4 }
    return UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  mutating func long() throws(PlanError) -> UInt64 {
    guard count - offset >= 8 else { throw .tooShort }
    defer { offset += 8 }
    return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// A list's length. Each element has at least one byte, so a length beyond the rest is a lie.
  mutating func length() throws(PlanError) -> Int {
    let value = Int(try word())
    guard value <= count - offset else { throw .tooShort }
    return value
  }

  /// A text without inner NUL.
  mutating func text() throws(PlanError) -> PlanText {
    let bytes = try data()
    for index in 0..<bytes.count where bytes.pointer[index] == 0 { throw .badText }
    return bytes
  }

  /// Bytes that may hold NUL, with one more NUL behind them.
  mutating func data() throws(PlanError) -> PlanText {
    let length = Int(try word())
    guard length < count - offset else { throw .tooShort }
    let start = base + offset
    guard start.load(fromByteOffset: length, as: UInt8.self) == 0 else { throw .badText }
    offset += length + 1
    return PlanText(pointer: start.assumingMemoryBound(to: CChar.self), count: length)
  }

  mutating func list<Element>(
    of element: (inout PlanReader) throws(PlanError) -> Element
  ) throws(PlanError) -> [Element] {
    let length = try length()
    var elements: [Element] = []
    elements.reserveCapacity(length)
    for _ in 0..<length { elements.append(try element(&self)) }
    return elements
  }
}
