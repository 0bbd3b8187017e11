import CKernels

/// A token and the natural logarithm of the share that the model gives it.
package struct TokenLogprob: Sendable, Equatable {
  package var token: Int32
  package var logprob: Float
}

/// What a model thought of a place before any option was applied.
struct Logprobs {
  /// The likeliest first.
  let likeliest: [TokenLogprob]
  private let normaliser: Double
  private let raw: [Float]

  init(logits: UnsafeBufferPointer<Float>, count: Int) {
    // A copy, because penalties are applied in place before the chosen token's share is asked for.
    // What is no number has no share, and must not take those of others away.
    raw = logits.map { $0.isFinite ? $0 : -.infinity }
    normaliser = Double(ck_log_sum_exp(raw, raw.count, ck_machine_level()))
    var top: [TokenLogprob] = []
    guard count > 0 else {
      likeliest = []
      return
    }
    for (index, logit) in raw.enumerated() where logit.isFinite {
      if top.count == count, let least = top.last, logit <= least.logprob { continue }
      let place = top.firstIndex { $0.logprob < logit } ?? top.count
      top.insert(TokenLogprob(token: Int32(index), logprob: logit), at: place)
      if top.count > count { top.removeLast() }
    }
    let normaliser = normaliser
    likeliest = top.map {
      TokenLogprob(token: $0.token, logprob: Float(Double($0.logprob) - normaliser))
    }
  }

  func logprob(of token: Int32) -> Float {
    Float(Double(raw[Int(token)]) - normaliser)
  }
}
