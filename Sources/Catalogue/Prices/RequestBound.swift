/// What a request can use at most, as far as it can be told before it is sent.
package struct RequestBound: Hashable, Sendable {
  /// How long what the request puts into the provider's cache may stay there.
  package enum CacheWrites: Hashable, Sendable {
    case none
    case usual
    case hour
  }

  /// The most tokens that one picture becomes with any model whose catalogue entry does not say.
  package static let tokensPerImage = 12_000
  /// Tokens that providers put before a prompt unasked, such as instructions for the use of tools.
  package static let unseenTokens = 1_024

  /// Bytes of the request without the pictures and sounds in it. No token is shorter than a byte,
  /// and what JSON writes around a message is longer than what a provider's template does.
  package var textBytes: Int
  /// Where somebody counted: takes the place of the bytes.
  package var inputTokens: Int?
  package var images: Int
  /// Whether something is in it whose tokens cannot be told from here: sound, video, documents, or
  /// anything that the provider itself fetches. The model's window bounds it then.
  package var hasOtherMedia: Bool
  /// The limit that the request sets for one answer.
  package var outputTokens: Int?
  /// How many answers are asked for.
  package var choices: Int
  package var cacheWrites: CacheWrites
  /// Whether the answer may be sound.
  package var speaks: Bool
  package var imagesMade: Int
  package var audioInputMilliseconds: Int
  package var audioOutputMilliseconds: Int
  package var videoMilliseconds: Int
  package var resolution: String?
  /// The mode of the price list that the request asks for.
  package var mode: String?

  package init(
    textBytes: Int = 0,
    inputTokens: Int? = nil,
    images: Int = 0,
    hasOtherMedia: Bool = false,
    outputTokens: Int? = nil,
    choices: Int = 1,
    cacheWrites: CacheWrites = .usual,
    speaks: Bool = false,
    imagesMade: Int = 0,
    audioInputMilliseconds: Int = 0,
    audioOutputMilliseconds: Int = 0,
    videoMilliseconds: Int = 0,
    resolution: String? = nil,
    mode: String? = nil
  ) {
    self.textBytes = textBytes
    self.inputTokens = inputTokens
    self.images = images
    self.hasOtherMedia = hasOtherMedia
    self.outputTokens = outputTokens
    self.choices = choices
    self.cacheWrites = cacheWrites
    self.speaks = speaks
    self.imagesMade = imagesMade
    self.audioInputMilliseconds = audioInputMilliseconds
    self.audioOutputMilliseconds = audioOutputMilliseconds
    self.videoMilliseconds = videoMilliseconds
    self.resolution = resolution
    self.mode = mode
  }

  /// The most tokens that the prompt can be.
  package func inputBound(_ limits: ModelLimits) throws(PriceProblem) -> Int {
    let images = try Self.product(images, limits.imageTokens ?? Self.tokensPerImage)
    let counted =
      if let inputTokens { [inputTokens, images] } else { [textBytes, images, Self.unseenTokens] }
    let tokens = try Usage.sum(counted)
    guard hasOtherMedia else { return tokens }
    guard let window = limits.input ?? limits.context else { throw .unboundedInput }
    return max(tokens, window)
  }

  /// The most tokens that all answers together can be.
  package func outputBound(_ limits: ModelLimits) throws(PriceProblem) -> Int {
    guard let tokens = outputTokens ?? limits.output else { throw .unboundedOutput }
    return try Self.product(tokens, choices)
  }

  private static func product(_ left: Int, _ right: Int) throws(PriceProblem) -> Int {
    guard left >= 0, right >= 0 else { throw .negativeCount }
    let (product, overflows) = left.multipliedReportingOverflow(by: right)
    guard !overflows else { throw .overflow }
    return product
  }
}

/// How much a model takes and gives in one call.
package struct ModelLimits: Hashable, Sendable {
  /// Tokens of prompt and answer together.
  package var context: Int?
  /// Tokens of the prompt, where that is less.
  package var input: Int?
  /// Tokens of the answer.
  package var output: Int?
  /// The most tokens that one picture becomes, where that is known.
  package var imageTokens: Int?

  package init(
    context: Int? = nil,
    input: Int? = nil,
    output: Int? = nil,
    imageTokens: Int? = nil
  ) {
    self.context = context
    self.input = input
    self.output = output
    self.imageTokens = imageTokens
  }
}
