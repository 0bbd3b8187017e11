/// One piece of an answer that comes piece by piece: an event of SSE, or a line of JSON.
package struct StreamFrame: Hashable, Sendable {
  /// The name of an SSE event, where one is given.
  package var event: ArraySlice<UInt8>?
  package var data: ArraySlice<UInt8>
  /// Which bytes of the stream make up the frame, its end included, counted from its beginning.
  package var place: Range<Int>

  package init(
    event: ArraySlice<UInt8>? = nil,
    data: ArraySlice<UInt8>,
    place: Range<Int> = 0..<0
  ) {
    self.event = event
    self.data = data
    self.place = place
  }
}

extension StreamFrame {
  /// Whether the frame is OpenAI's word for the end, as its own clients tell it: by its beginning.
  var isDone: Bool { data.starts(with: "[DONE]".utf8) }
}

/// How large the pieces of a stream may be.
package struct StreamBounds: Hashable, Sendable {
  /// Bytes of one frame, which is held until it is whole. Answers with pictures in them are large.
  package var frame = 32 << 20
  /// Bytes of a whole answer, as far as they must be kept to be translated.
  package var answer = 64 << 20
  /// Texts, thoughts and calls of one answer that is translated.
  package var parts = 4096

  package init() {}
}

/// Cuts a stream into frames, however the bytes arrive.
package struct FrameSplitter: Sendable {
  private enum Kind: Sendable {
    case events(EventSplitter)
    case lines(LineSplitter)
  }

  private var kind: Kind

  package init(_ framing: Dialect.Framing, bounds: StreamBounds = StreamBounds()) {
    kind =
      switch framing {
      case .serverSentEvents: .events(EventSplitter(bounds: bounds))
      case .lines: .lines(LineSplitter(bounds: bounds))
      }
  }

  /// The frames that these bytes complete; nil once a frame is larger than its bound.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> [StreamFrame]? {
    switch kind {
    case .events(var splitter):
      // Taken out while it changes, or its buffer would be copied.
      kind = .lines(LineSplitter(bounds: StreamBounds()))
      defer { kind = .events(splitter) }
      return splitter.receive(bytes)
    case .lines(var splitter):
      kind = .events(EventSplitter(bounds: StreamBounds()))
      defer { kind = .lines(splitter) }
      return splitter.receive(bytes)
    }
  }

  /// How many bytes of the stream belong to frames that are whole, or to none.
  package var boundary: Int {
    switch kind {
    case .events(let splitter): splitter.boundary
    case .lines(let splitter): splitter.boundary
    }
  }

  /// Whether what is not yet whole may become OpenAI's word for the end.
  package var mayBeEnd: Bool {
    switch kind {
    case .events(let splitter): splitter.mayBeEnd
    case .lines: false
    }
  }

  /// What stands unfinished at the end of the stream, if it has data.
  package mutating func end() -> StreamFrame? {
    switch kind {
    case .events(var splitter):
      defer { kind = .events(splitter) }
      return splitter.end()
    case .lines(var splitter):
      defer { kind = .lines(splitter) }
      return splitter.end()
    }
  }
}
