/// Cuts a stream of JSON texts, one a line, into its lines. Empty ones are skipped.
package struct LineSplitter: Sendable {
  private var buffer: [UInt8] = []
  /// How many bytes came before the buffer's.
  private var dropped = 0
  private var start = 0
  private var searched = 0
  private let bounds: StreamBounds

  package var boundary: Int { dropped + start }

  package init(bounds: StreamBounds = StreamBounds()) {
    self.bounds = bounds
  }

  /// The lines that these bytes complete; nil once one is longer than its bound.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> [StreamFrame]? {
    if start > 0 {
      buffer.removeSubrange(0..<start)
      searched -= start
      dropped += start
      start = 0
    }
    buffer.append(contentsOf: bytes)
    var frames: [StreamFrame] = []
    while let end = buffer[searched...].firstIndex(of: 0x0A) {
      if let frame = frame(start..<end, next: end + 1) { frames.append(frame) }
      start = end + 1
      searched = start
    }
    searched = buffer.count
    return buffer.count - start <= bounds.frame ? frames : nil
  }

  /// A last line that ends with the stream.
  package mutating func end() -> StreamFrame? {
    defer { start = buffer.count }
    return frame(start..<buffer.count, next: buffer.count)
  }

  private func frame(_ range: Range<Int>, next: Int) -> StreamFrame? {
    let line = buffer[range]
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0D || byte == 0x09 }
    guard let first = line.firstIndex(where: { !isSpace($0) }),
      let last = line.lastIndex(where: { !isSpace($0) })
    else { return nil }
    let place = dropped + range.lowerBound..<dropped + next
    return StreamFrame(data: buffer[first...last], place: place)
  }
}
