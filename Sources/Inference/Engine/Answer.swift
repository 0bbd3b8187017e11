/// An answer that has a slot: its prompt is computed, then it is written.
struct Answer {
  let id: UInt64
  let request: GenerationRequest
  let events: AsyncStream<GenerationEvent>.Continuation
  let slot: Int
  let reused: Int
  /// Tokens it may have.
  let allowance: Int
  /// Positions that are stored.
  var stored: Int
  var generated: [Int32] = []
  var sampler: Sampler
  private var characters = StreamDecoder()
  private var stops: StopMatcher
  private let posted: Double
  private let begun: Double
  private var first: Double?

  init(_ letter: Mailbox.Letter, slot: Int, reused: Int, contextLength: Int) {
    id = letter.id
    request = letter.request
    events = letter.events
    self.slot = slot
    self.reused = reused
    allowance = request.allowance(contextLength: contextLength)
    stored = reused
    sampler = Sampler(options: request.sampling, prompt: request.prompt)
    stops = StopMatcher(stops: request.stops)
    posted = letter.posted
    begun = monotonicSeconds()
    events.yield(.started(prompt: request.prompt.count, reused: reused))
  }

  /// Tokens of the prompt that are still to be computed.
  var left: Int { max(0, request.prompt.count - stored) }

  /// The next tokens to be computed.
  func next(_ count: Int) -> ArraySlice<Int32> {
    left > 0 ? request.prompt[stored..<(stored + count)] : generated.suffix(1)
  }

  /// Takes a chosen token; gives the reason if the answer ends with it.
  mutating func take(_ choice: Sampler.Choice, text: TokenText) -> GenerationEnd.Reason? {
    first = first ?? monotonicSeconds()
    let isEnd = text.ends.contains(choice.token)
    if isEnd, !request.ignoresEnds { return .stop }
    generated.append(choice.token)
    request.constraint?.accept(choice.token)
    let (certain, stopped) = stops.take(
      Array(characters.append(text.bytes(choice.token)).utf8)
    )
    events.yield(
      .token(
        GeneratedToken(
          token: choice.token,
          text: String(decoding: certain, as: UTF8.self),
          logprob: choice.logprob,
          likeliest: choice.likeliest
        )
      )
    )
    if stopped { return .stopString }
    return generated.count >= allowance ? .length : nil
  }

  /// Says the end, and the text that was kept back if it belongs to the answer.
  mutating func end(_ reason: GenerationEnd.Reason) {
    if reason != .stopString {
      let (certain, stopped) = stops.take(Array(characters.finish().utf8))
      let rest = stopped ? certain : certain + stops.finish()
      if !rest.isEmpty { events.yield(.text(String(decoding: rest, as: UTF8.self))) }
    }
    let now = monotonicSeconds()
    events.yield(
      .ended(
        GenerationEnd(
          reason: reason,
          promptTokens: request.prompt.count,
          reusedTokens: reused,
          generatedTokens: generated.count,
          queued: begun - posted,
          untilFirst: (first ?? now) - posted,
          total: now - posted
        )
      )
    )
    events.finish()
  }
}
