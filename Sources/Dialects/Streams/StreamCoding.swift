/// Reads the frames of one dialect's stream. It never has two parts open at once.
protocol StreamDecoder: Sendable {
  /// Appends what the frame says. After `end` or `error` no more frames are given.
  mutating func receive(_ frame: StreamFrame, into events: inout [StreamEvent])

  /// Appends what the end of the bytes says, in dialects whose streams have no end of their own.
  mutating func end(into events: inout [StreamEvent])
}

extension StreamDecoder {
  mutating func end(into events: inout [StreamEvent]) {}
}

/// Writes one dialect's stream.
protocol StreamEncoder: Sendable {
  /// Appends what the event is in this dialect. After `end` or `error` no more events are given.
  mutating func receive(_ event: StreamEvent, into bytes: inout [UInt8])
}

extension StreamFrame {
  /// The data as an object; nil, with an error among the events, if it is none.
  func object(into events: inout [StreamEvent]) -> JSON? {
    do throws(JSONError) {
      return try JSONDocument.object(Array(data), bounds: .answer)
    } catch {
      events.append(.error(ProviderError(.upstream, "a frame of the stream is malformed")))
      return nil
    }
  }
}

/// The part of a stream that is open, and the number of the next.
struct OpenPart: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case text, refusal, thinking
    case toolCall(Int)
    case other
  }

  private(set) var kind: Kind?
  private(set) var index = -1

  /// Opens a part unless one of this kind is open; another one is closed first.
  mutating func open(
    _ kind: Kind,
    _ start: @autoclosure () -> StreamEvent.PartStart,
    into events: inout [StreamEvent]
  ) {
    if self.kind == kind { return }
    close(into: &events)
    self.kind = kind
    index += 1
    events.append(.partStart(index, start()))
  }

  mutating func close(into events: inout [StreamEvent]) {
    guard kind != nil else { return }
    kind = nil
    events.append(.partStop(index))
  }
}

extension [UInt8] {
  /// Appends an event of SSE.
  mutating func appendEvent(_ name: StaticString? = nil, _ data: [UInt8]) {
    if let name {
      append(contentsOf: "event: ".utf8)
      name.withUTF8Buffer { append(contentsOf: $0) }
      append(UInt8(ascii: "\n"))
    }
    append(contentsOf: "data: ".utf8)
    append(contentsOf: data)
    append(contentsOf: [0x0A, 0x0A])
  }
}
