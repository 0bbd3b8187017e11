import Glibc

/// Chooses the tokens of one answer, one after the other.
struct Sampler {
  /// A chosen token, and what the model thought of it and of others, before any option was applied.
  struct Choice: Equatable {
    var token: Int32
    /// Natural logarithm of its share; nil if not asked for.
    var logprob: Float?
    var likeliest: [TokenLogprob] = []
  }

  private let options: SamplingOptions
  private var random: RandomStream
  /// How often each token was seen within the window.
  private var counts: [Int32: Int] = [:]
  private var recent: [Int32] = []
  private var oldest = 0

  init(options: SamplingOptions, prompt: [Int32]) {
    self.options = options
    var system = SystemRandomNumberGenerator()
    random = RandomStream(seed: options.seed ?? system.next())
    guard options.hasPenalties else { return }
    for token in prompt.suffix(options.penaltyWindow) { remember(token) }
  }

  /// Notes a token that was taken, for the penalties.
  mutating func remember(_ token: Int32) {
    guard options.hasPenalties else { return }
    if recent.count < options.penaltyWindow {
      recent.append(token)
    } else {
      let gone = recent[oldest]
      recent[oldest] = token
      oldest = (oldest + 1) % recent.count
      counts[gone, default: 1] -= 1
      if counts[gone] == 0 { counts[gone] = nil }
    }
    counts[token, default: 0] += 1
  }

  /// The next token, nil if the mask leaves none or the model's numbers are none.
  ///
  /// - Parameters:
  ///   - logits: one a token; penalties change them in place.
  ///   - left: how many tokens may follow this one.
  mutating func choose(
    from logits: UnsafeMutableBufferPointer<Float>,
    constraint: TokenConstraint?,
    left: Int = .max
  ) -> Choice? {
    let report = options.logprobs.map { Logprobs(logits: UnsafeBufferPointer(logits), count: $0) }
    penalise(logits)
    guard var token = draw(UnsafeBufferPointer(logits)) else { return nil }
    if let constraint, !constraint.allows(token) {
      guard let other = draw(logits, under: constraint.mask()) else { return nil }
      token = other
    }
    if let constraint, !constraint.fits(token, left),
      let other = draw(logits, under: constraint.closing())
    {
      token = other
    }
    remember(token)
    return Choice(
      token: token,
      logprob: report?.logprob(of: token),
      likeliest: report?.likeliest ?? []
    )
  }

  private func penalise(_ logits: UnsafeMutableBufferPointer<Float>) {
    guard options.hasPenalties else { return }
    for (token, count) in counts where Int(token) < logits.count && token >= 0 {
      var logit = logits[Int(token)]
      logit = logit > 0 ? logit / options.repetitionPenalty : logit * options.repetitionPenalty
      logit -= Float(count) * options.frequencyPenalty + options.presencePenalty
      logits[Int(token)] = logit
    }
  }

  private mutating func draw(
    _ logits: UnsafeMutableBufferPointer<Float>,
    under mask: TokenMask
  ) -> Int32? {
    for index in logits.indices where !mask[index] { logits[index] = -.infinity }
    return draw(UnsafeBufferPointer(logits))
  }

  private mutating func draw(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
    guard let best = Candidates.likeliest(logits) else { return nil }
    guard options.temperature > 0 else { return best }
    var candidates = Candidates(logits, best: logits[Int(best)], options: options)
    candidates.cut(options)
    return candidates.draw(temperature: options.temperature, at: random.fraction())
  }
}
