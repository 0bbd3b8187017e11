/// Byte strings in their order, in one block of memory.
package struct TextList: Sendable {
  private var blob: [UInt8] = []
  /// Where each begins; the last is where the blob ends.
  private var starts: [UInt32] = [0]

  /// Bytes that all of them may take together.
  static let limit = 1 << 30

  package init() {}

  /// Strings as they are written here; for what is made by hand.
  package init(_ texts: [String]) {
    for text in texts { _ = append(Array(text.utf8)) }
  }

  package var count: Int { starts.count - 1 }

  package subscript(number: Int) -> ArraySlice<UInt8> {
    guard number >= 0, number < count else { return [] }
    return blob[Int(starts[number])..<Int(starts[number + 1])]
  }

  mutating func reserve(_ count: Int) { starts.reserveCapacity(count + 1) }

  /// False where there is no room for it.
  mutating func append(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= Self.limit - blob.count, count < Int(Int32.max) else { return false }
    blob.append(contentsOf: text)
    starts.append(UInt32(blob.count))
    return true
  }

  mutating func append(_ text: [UInt8]) -> Bool { text.withUnsafeBytes { append($0) } }

  @inline(__always)
  func matches(_ number: Int, _ text: UnsafeRawBufferPointer) -> Bool {
    let start = Int(starts[number])
    guard Int(starts[number + 1]) - start == text.count else { return false }
    for offset in 0..<text.count where blob[start + offset] != text[offset] { return false }
    return true
  }
}
