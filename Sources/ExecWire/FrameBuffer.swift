/// Bytes as they come in, cut into payloads.
package struct FrameBuffer: Sendable {
  private var bytes: [UInt8] = []
  private var start = 0

  package init() {}

  /// How many bytes wait for the rest of their frame.
  package var count: Int { bytes.count - start }

  package mutating func append(_ some: UnsafeRawBufferPointer) {
    if start > 0, start == bytes.count {
      bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
      start = 0
    }
    bytes.append(contentsOf: some)
  }

  /// The next payload, or nil where it is not there as a whole.
  ///
  /// The length is judged as soon as it is known: no byte of a frame that nobody may send is kept.
  package mutating func next(
    largest: Int = ExecWire.largestFrame
  ) throws(WireError) -> [UInt8]? {
    guard count >= 4 else { return nil }
    var length = 0
    for index in 0..<4 { length |= Int(bytes[start + index]) << (8 * index) }
    guard length <= largest else { throw .tooLarge(bytes: length, most: largest) }
    guard count - 4 >= length else { return nil }
    let first = start + 4
    start = first + length
    let payload = Array(bytes[first..<start])
    if start > 1 << 16, start >= bytes.count / 2 {
      bytes.removeFirst(start)
      start = 0
    }
    return payload
  }
}
