/// What is to be continued, and how.
package struct GenerationRequest: Sendable {
  package var prompt: [Int32]
  package var sampling = SamplingOptions()
  /// Tokens of the answer at most; nil: until the context is full.
  package var limit: Int?
  /// The answer ends before the first of these.
  package var stops: [String] = []
  package var constraint: TokenConstraint?
  /// Goes on after tokens that end an answer, for measurements.
  package var ignoresEnds = false

  package init(prompt: [Int32]) {
    self.prompt = prompt
  }

  /// Why the request cannot be worked on at all.
  func objection(limits: EngineLimits, shape: ModelShape) -> EngineError? {
    if prompt.isEmpty { return .emptyPrompt }
    if prompt.count >= limits.contextLength {
      return .tooLong(prompt: prompt.count, contextLength: limits.contextLength)
    }
    for token in prompt where token < 0 || Int(token) >= shape.vocabulary {
      return .unknownToken(token, vocabulary: shape.vocabulary)
    }
    if let text = sampling.objection { return .sampling(text) }
    if stops.count > 64 { return .stops("\(stops.count) are given, at most 64 are looked for") }
    if stops.contains(where: { $0.utf8.count > 1024 }) {
      return .stops("one is longer than 1024 bytes")
    }
    if let limit, limit < 0 { return .options("the limit of tokens is \(limit)") }
    return nil
  }

  /// Tokens that the answer may have.
  func allowance(contextLength: Int) -> Int {
    min(limit ?? .max, contextLength - prompt.count)
  }
}
