/// A place in bytes that come from outside: each step is held against what is left.
///
/// The one file of the readers where pointers are followed. A step that would leave the bytes gives
/// nil and moves nothing.
struct ByteCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var offset: Int

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    offset = 0
  }

  var remaining: Int { bytes.count - offset }

  /// The next number, little-endian, wherever it lies.
  mutating func next<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type = Number.self
  ) -> Number? {
    let size = MemoryLayout<Number>.size
    guard size <= remaining else { return nil }
    defer { offset += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }

  /// The next bytes as a place in the whole.
  mutating func take(_ count: UInt64) -> Range<Int>? {
    guard count <= UInt64(remaining) else { return nil }
    defer { offset += Int(count) }
    return offset..<(offset + Int(count))
  }

  /// As much as `count` things of `size` bytes take.
  mutating func take(_ count: UInt64, of size: Int) -> Range<Int>? {
    let (total, overflows) = count.multipliedReportingOverflow(by: UInt64(size))
    return overflows ? nil : take(total)
  }

  /// The text that stands in a range that `take` gave, where it is UTF-8.
  func text(_ range: Range<Int>) -> String? {
    String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }

  func copy(_ range: Range<Int>) -> [UInt8] {
    Array(bytes[range])
  }
}
