/// Watches a stream that is passed on as it is: what it is charged by, and whether it is whole.
///
/// Bytes go to the client as they come. Only frames that bear usage, an error or an end are parsed;
/// of the others the text is measured.
package struct StreamTap: Sendable {
  package private(set) var state = StreamTranslator.State.open
  package private(set) var usage: TokenUsage?
  /// An upper bound of the tokens that came, where the provider gives no usage.
  package private(set) var textBytes = 0

  /// An upper bound of the output tokens to charge, as `StreamTranslator` has it.
  package var outputTokensAtMost: Int {
    if case .complete = state, let usage { return usage.output }
    return max(usage?.output ?? 0, textBytes)
  }

  private let dialect: Dialect
  /// Whether the frame that bears usage alone is kept from a client that did not ask for it.
  private let hidesUsage: Bool
  private var splitter: FrameSplitter
  private var decoder: any StreamDecoder
  private var stop: StopReason?
  /// What has come and is not yet sent: the beginning of a frame that might be hidden.
  private var held: [UInt8] = []
  /// How many bytes of the stream have been sent or hidden.
  private var sent = 0

  package init?(
    _ dialect: Dialect,
    hidesUsage: Bool = false,
    bounds: StreamBounds = StreamBounds()
  ) {
    guard let decoder = Self.decoder(of: dialect) else { return nil }
    self.dialect = dialect
    self.hidesUsage = hidesUsage
    self.decoder = decoder
    splitter = FrameSplitter(dialect.framing, bounds: bounds)
  }

  /// What the client is to be sent for these bytes: the same, unless a frame is kept from it.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard case .open = state else { return afterEnd(bytes) }
    let input = held.isEmpty ? bytes : (held + bytes)[...]
    let base = sent
    guard let frames = splitter.receive(bytes) else {
      state = .failed(.tooLong)
      return ErrorShape.frame(.tooLong, of: dialect)[...]
    }
    var hidden: [Range<Int>] = []
    for frame in frames {
      let isHidden = look(at: frame)
      if case .failed(.truncated) = state {
        // The word for the end must not reach the client without an end.
        return broken(input, base, before: frame.place.lowerBound)
      }
      if isHidden { hidden.append(frame.place) }
    }
    let end = state == .open ? endOfSendable(base + input.count) : base + input.count
    sent = end
    held = Array(input[(input.startIndex + end - base)...])
    return Self.slice(input, base, to: end, without: hidden)
  }

  /// How far what has come may be sent. What may have to be kept from the client waits until it is
  /// whole: a chunk that might bear usage alone, or what might be the word for the end.
  private func endOfSendable(_ end: Int) -> Int {
    let boundary = splitter.boundary
    guard dialect == .openAIChat || dialect == .openAICompletions, boundary >= sent else {
      return end
    }
    return hidesUsage || end - boundary <= Self.longestEnd ? boundary : end
  }

  /// More bytes than `data: [DONE]` takes with all that may stand around it.
  private static let longestEnd = 64

  /// What the client is to be sent when the upstream's bytes have ended: an error, if they ended too
  /// early.
  package mutating func end() -> [UInt8] {
    guard case .open = state else { return [] }
    var output: [UInt8] = []
    if let frame = splitter.end(), !look(at: frame) { output = held }
    if case .failed(.truncated) = state { return ErrorShape.frame(.truncated, of: dialect) }
    if case .open = state {
      var events: [StreamEvent] = []
      decoder.end(into: &events)
      take(events)
    }
    guard case .open = state else { return output }
    state = .failed(.truncated)
    // What came last may have no end of its own.
    output += dialect.framing == .lines ? [0x0A] : [0x0A, 0x0A]
    return output + ErrorShape.frame(.truncated, of: dialect)
  }

  private func broken(
    _ input: ArraySlice<UInt8>,
    _ base: Int,
    before place: Int
  ) -> ArraySlice<UInt8> {
    Self.slice(input, base, to: max(place, base), without: [])
      + ErrorShape.frame(.truncated, of: dialect)
  }

  /// The input up to a place of the stream, without what is hidden.
  private static func slice(
    _ input: ArraySlice<UInt8>,
    _ base: Int,
    to end: Int,
    without hidden: [Range<Int>]
  ) -> ArraySlice<UInt8> {
    let start = input.startIndex - base
    guard !hidden.isEmpty else { return input[input.startIndex..<start + end] }
    var output: [UInt8] = []
    var at = base
    for range in hidden {
      output += input[start + at..<start + range.lowerBound]
      at = range.upperBound
    }
    return (output + input[start + at..<start + end])[...]
  }

  /// After an end nothing more is looked at; after an error nothing more is sent.
  private func afterEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    if case .complete = state { bytes } else { [] }
  }

  /// Whether the frame is to be kept from the client.
  @discardableResult
  private mutating func look(at frame: StreamFrame) -> Bool {
    guard case .open = state else { return false }
    if dialect.family == .openAI, frame.data.elementsEqual("[DONE]".utf8) {
      state = stop.map { .complete($0) } ?? .failed(.truncated)
      return false
    }
    let glance = FrameGlance(frame.data, of: dialect)
    let (sum, overflow) = textBytes.addingReportingOverflow(glance.textBytes)
    textBytes = overflow ? .max : sum
    guard glance.bearsUsage || glance.bearsError || glance.bearsEnd else { return false }
    var events: [StreamEvent] = []
    decoder.receive(frame, into: &events)
    take(events)
    return hidesUsage && isUsageAlone(frame)
  }

  private mutating func take(_ events: [StreamEvent]) {
    for event in events {
      switch event {
      case .usage(let usage): self.usage = self.usage?.merged(with: usage) ?? usage
      case .stop(let reason, _): stop = stop ?? reason
      case .error(let error): state = .failed(error)
      case .end: if case .open = state { state = .complete(stop ?? .end) }
      default: break
      }
    }
  }

  /// The chunk that OpenAI sends for `include_usage` has no choices.
  private func isUsageAlone(_ frame: StreamFrame) -> Bool {
    guard let root = try? JSONDocument.object(Array(frame.data), bounds: .answer),
      root.present("usage") != nil, let choices = root["choices"], choices.isArray
    else { return false }
    return choices.elements.first { _ in true } == nil
  }

  private static func decoder(of dialect: Dialect) -> (any StreamDecoder)? {
    switch dialect {
    case .openAIChat, .openAICompletions: ChunkTapDecoder()
    case .openAIResponses: ResponsesTapDecoder()
    case .anthropic: AnthropicTapDecoder()
    case .ollamaChat, .ollamaGenerate: OllamaTapDecoder()
    case .gemini: GeminiStreamDecoder(id: "")
    case .openAIEmbeddings, .ollamaEmbed, .geminiEmbed: nil
    }
  }
}
