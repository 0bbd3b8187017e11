/// Cuts a stream of server-sent events into events, as the HTML standard says.
///
/// Lines end in LF, CR or CRLF; a byte order mark at the start and comments are skipped; several
/// `data` lines are joined by LF. A CR that ends what has arrived is held until the next byte.
package struct EventSplitter: Sendable {
  private var buffer: [UInt8] = []
  /// How many bytes came before the buffer's.
  private var dropped = 0
  /// Where the event at hand begins, and the line that is not yet whole.
  private var frameStart = 0
  private var lineStart = 0
  private var searched = 0
  private var isAtBeginning = true
  private var event: Range<Int>?
  private var data: Range<Int>?
  /// The data of an event that has more than one line of it.
  private var joined: [UInt8]?
  private let bounds: StreamBounds

  package var boundary: Int { dropped + frameStart }

  /// Whether the event that is not yet whole may become the word for the end.
  package var mayBeEnd: Bool {
    let end = "[DONE]".utf8
    if let joined { return joined.starts(with: end) }
    if let data { return end.starts(with: buffer[data]) || buffer[data].starts(with: end) }
    let line = buffer[lineStart...]
    guard line.count > 5, line.starts(with: "data:".utf8) else { return true }
    var value = line.dropFirst(5)
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    return end.starts(with: value) || value.starts(with: end)
  }

  package init(bounds: StreamBounds = StreamBounds()) {
    self.bounds = bounds
  }

  /// The events that these bytes complete; nil once one is larger than its bound.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> [StreamFrame]? {
    compact()
    buffer.append(contentsOf: bytes)
    guard skipByteOrderMark(isLast: false) else { return [] }
    var frames: [StreamFrame] = []
    while let (end, next) = lineEnd(isLast: false) {
      if let frame = line(lineStart..<end, next: next) { frames.append(frame) }
    }
    return buffer.count - frameStart <= bounds.frame ? frames : nil
  }

  /// The event that the end of the stream leaves without its empty line, if it has data.
  package mutating func end() -> StreamFrame? {
    _ = skipByteOrderMark(isLast: true)
    while let (end, next) = lineEnd(isLast: true) {
      if let frame = line(lineStart..<end, next: next) { return frame }
    }
    if lineStart < buffer.count { _ = line(lineStart..<buffer.count, next: buffer.count) }
    return lineStart > frameStart ? line(lineStart..<lineStart, next: buffer.count) : nil
  }

  private mutating func line(_ range: Range<Int>, next: Int) -> StreamFrame? {
    defer { lineStart = next }
    guard range.isEmpty else {
      field(range)
      return nil
    }
    defer {
      frameStart = next
      event = nil
      data = nil
      joined = nil
    }
    guard let data else { return nil }
    return StreamFrame(
      event: event.map { buffer[$0] },
      data: joined?[...] ?? buffer[data],
      place: dropped + frameStart..<dropped + next
    )
  }

  private mutating func field(_ range: Range<Int>) {
    let colon = buffer[range].firstIndex(of: UInt8(ascii: ":")) ?? range.upperBound
    var start = min(colon + 1, range.upperBound)
    if start < range.upperBound, buffer[start] == UInt8(ascii: " ") { start += 1 }
    let name = buffer[range.lowerBound..<colon]
    if name.elementsEqual("data".utf8) {
      if let data {
        if joined == nil { joined = Array(buffer[data]) }
        // In place: an event may have millions of lines.
        joined?.append(UInt8(ascii: "\n"))
        joined?.append(contentsOf: buffer[start..<range.upperBound])
      } else {
        data = start..<range.upperBound
      }
    } else if name.elementsEqual("event".utf8) {
      event = start..<range.upperBound
    }
  }

  /// The end of the line at hand and the start of the next, if it is whole.
  private mutating func lineEnd(isLast: Bool) -> (end: Int, next: Int)? {
    var at = max(searched, lineStart)
    defer { searched = at }
    while at < buffer.count {
      let byte = buffer[at]
      if byte == 0x0A {
        defer { at += 1 }
        return (at, at + 1)
      }
      if byte == 0x0D {
        guard at + 1 < buffer.count else { return isLast ? (at, at + 1) : nil }
        let next = buffer[at + 1] == 0x0A ? at + 2 : at + 1
        defer { at = next }
        return (at, next)
      }
      at += 1
    }
    return nil
  }

  /// False while it cannot be told yet whether the stream begins with a mark.
  private mutating func skipByteOrderMark(isLast: Bool) -> Bool {
    guard isAtBeginning else { return true }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    if buffer.count < 3, !isLast, mark.starts(with: buffer) { return false }
    isAtBeginning = false
    if buffer.starts(with: mark) {
      lineStart = 3
      frameStart = 3
    }
    return true
  }

  /// Drops what has been handed out.
  private mutating func compact() {
    guard frameStart > 0, !isAtBeginning else { return }
    if frameStart == buffer.count {
      buffer.removeAll(keepingCapacity: true)
    } else {
      buffer.removeSubrange(0..<frameStart)
    }
    dropped += frameStart
    lineStart -= frameStart
    searched = max(0, searched - frameStart)
    event = event.map { $0.lowerBound - frameStart..<$0.upperBound - frameStart }
    data = data.map { $0.lowerBound - frameStart..<$0.upperBound - frameStart }
    frameStart = 0
  }
}
