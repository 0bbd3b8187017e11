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
  private var held: ArraySlice<UInt8> = []
  /// How many bytes of the stream have been sent or hidden.
  private var sent = 0

  package init?(
    _ dialect: Dialect,
    hidesUsage: Bool = false,
    bounds: StreamBounds = StreamBounds()
  ) {
    guard let decoder = Self.decoder(of: dialect) else { return nil }
    self.dialect = dialect
    // No other dialect has a frame for usage alone.
    self.hidesUsage = hidesUsage && Self.hasChunks(dialect)
    self.decoder = decoder
    splitter = FrameSplitter(dialect.framing, bounds: bounds)
  }

  /// What the client is to be sent for these bytes: the same, unless a frame is kept from it.
  package mutating func receive(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard case .open = state else { return afterEnd(bytes) }
    let input = joined(bytes)
    let base = sent
    guard let frames = splitter.receive(bytes) else {
      state = .failed(.tooLong)
      return (Self.gap(dialect) + ErrorShape.frame(.tooLong, of: dialect))[...]
    }
    var hidden: [Range<Int>] = []
    for frame in frames {
      switch look(at: frame) {
      case .passes: break
      case .isHidden: hidden.append(frame.place)
      case .isError: return Self.slice(input, base, to: frame.place.upperBound, without: hidden)
      case .breaks(let error):
        return broken(error, input, base, before: frame.place.lowerBound, without: hidden)
      }
    }
    let end = state == .open ? endOfSendable(base + input.count) : base + input.count
    sent = end
    // Taken whole where nothing is sent, so that a large frame is not copied with every piece of it.
    let rest = input[(input.startIndex + end - base)...]
    held = rest
    return Self.slice(input, base, to: end, without: hidden)
  }

  /// How far what has come may be sent. What may have to be kept from the client waits until it is
  /// whole: a chunk that might bear usage alone, or what might be the word for the end.
  private func endOfSendable(_ end: Int) -> Int {
    let boundary = splitter.boundary
    guard Self.hasChunks(dialect), boundary >= sent else { return end }
    return hidesUsage || splitter.mayBeEnd ? boundary : end
  }

  /// What is held, with what has come.
  private mutating func joined(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    if held.isEmpty { return bytes }
    var all = held
    held = []
    all.append(contentsOf: bytes)
    return all
  }

  private static func hasChunks(_ dialect: Dialect) -> Bool {
    dialect == .openAIChat || dialect == .openAICompletions
  }

  /// What the client is to be sent when the upstream's bytes have ended: an error, if they ended too
  /// early.
  package mutating func end() -> [UInt8] {
    guard case .open = state else { return [] }
    var output = Array(held)
    // A line that is empty is no line to who reads lines.
    let isWithin = !held.isEmpty || sent > splitter.boundary || dialect.framing != .lines
    if let frame = splitter.end() {
      switch look(at: frame) {
      case .passes, .isError: break
      case .isHidden: output = []
      case .breaks(let error): return Self.gap(dialect) + ErrorShape.frame(error, of: dialect)
      }
    }
    if case .open = state {
      var events: [StreamEvent] = []
      decoder.end(into: &events)
      take(events)
    }
    guard case .open = state else { return output }
    state = .failed(.truncated)
    let gap = isWithin ? Self.gap(dialect) : []
    return output + gap + ErrorShape.frame(.truncated, of: dialect)
  }

  /// Ends the stream for the client because the gateway ends it, such as at a deadline.
  package mutating func fail(_ error: ProviderError) -> [UInt8] {
    guard case .open = state else { return [] }
    state = .failed(error)
    return (sent > splitter.boundary ? Self.gap(dialect) : [])
      + ErrorShape.frame(error, of: dialect)
  }

  /// Ends what was sent of a frame that has no end of its own.
  private static func gap(_ dialect: Dialect) -> [UInt8] {
    dialect.framing == .lines ? [0x0A] : [0x0A, 0x0A]
  }

  /// The input up to a frame that must not reach the client, and an error in its place.
  private func broken(
    _ error: ProviderError,
    _ input: ArraySlice<UInt8>,
    _ base: Int,
    before place: Int,
    without hidden: [Range<Int>]
  ) -> ArraySlice<UInt8> {
    let kept = Self.slice(input, base, to: max(place, base), without: hidden)
    // Of a frame that came in pieces the first may be with the client already.
    return kept + (place < base ? Self.gap(dialect) : []) + ErrorShape.frame(error, of: dialect)
  }

  /// The input up to a place of the stream, without what is hidden.
  private static func slice(
    _ input: ArraySlice<UInt8>,
    _ base: Int,
    to end: Int,
    without hidden: [Range<Int>]
  ) -> ArraySlice<UInt8> {
    let start = input.startIndex - base
    let end = min(max(end, base), base + input.count)
    guard !hidden.isEmpty else { return input[input.startIndex..<start + end] }
    var output: [UInt8] = []
    var at = base
    for range in hidden where range.lowerBound >= at && range.upperBound <= end {
      output += input[start + at..<start + range.lowerBound]
      at = range.upperBound
    }
    return (output + input[start + at..<start + end])[...]
  }

  /// After an end nothing more is looked at; after an error nothing more is sent.
  private func afterEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    if case .complete = state { bytes } else { [] }
  }

  /// What becomes of a frame.
  private enum Fate {
    case passes
    case isHidden
    /// The upstream's own error, which the client can read.
    case isError
    /// It cannot be, and an error takes its place.
    case breaks(ProviderError)
  }

  private mutating func look(at frame: StreamFrame) -> Fate {
    guard case .open = state else { return .passes }
    if dialect.family == .openAI, frame.isDone {
      guard let stop else {
        state = .failed(.truncated)
        return .breaks(.truncated)
      }
      state = .complete(stop)
      return .passes
    }
    let glance = FrameGlance(frame.data, of: dialect)
    let (sum, overflow) = textBytes.addingReportingOverflow(glance.textBytes)
    textBytes = overflow ? .max : sum
    guard glance.bearsUsage || glance.bearsError || glance.bearsEnd else { return .passes }
    var events: [StreamEvent] = []
    decoder.receive(frame, into: &events)
    take(events)
    if case .failed(let error) = state { return glance.bearsError ? .isError : .breaks(error) }
    return hidesUsage && isUsageAlone(frame) ? .isHidden : .passes
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
