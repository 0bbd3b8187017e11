/// What a call used, each thing counted once.
///
/// Providers count differently: OpenAI's prompt tokens hold the cached ones, Anthropic's do not.
/// Whoever reads an answer subtracts first, so that the fields here add up.
package struct Usage: Hashable, Sendable {
  /// Tokens of the prompt, without those of the four fields that follow.
  package var inputTokens: Int
  package var cacheReadTokens: Int
  package var cacheWriteTokens: Int
  package var cacheWriteHourTokens: Int
  package var audioInputTokens: Int
  /// Tokens of the answer, without those of the two fields that follow.
  package var outputTokens: Int
  package var reasoningTokens: Int
  package var audioOutputTokens: Int
  /// Pictures made, where the provider does not count them in tokens.
  package var images: Int
  package var audioInputMilliseconds: Int
  package var audioOutputMilliseconds: Int
  package var videoMilliseconds: Int
  /// The resolution of the video, as the price list names it.
  package var resolution: String?
  package var requests: Int

  package init(
    inputTokens: Int = 0,
    cacheReadTokens: Int = 0,
    cacheWriteTokens: Int = 0,
    cacheWriteHourTokens: Int = 0,
    audioInputTokens: Int = 0,
    outputTokens: Int = 0,
    reasoningTokens: Int = 0,
    audioOutputTokens: Int = 0,
    images: Int = 0,
    audioInputMilliseconds: Int = 0,
    audioOutputMilliseconds: Int = 0,
    videoMilliseconds: Int = 0,
    resolution: String? = nil,
    requests: Int = 1
  ) {
    self.inputTokens = inputTokens
    self.cacheReadTokens = cacheReadTokens
    self.cacheWriteTokens = cacheWriteTokens
    self.cacheWriteHourTokens = cacheWriteHourTokens
    self.audioInputTokens = audioInputTokens
    self.outputTokens = outputTokens
    self.reasoningTokens = reasoningTokens
    self.audioOutputTokens = audioOutputTokens
    self.images = images
    self.audioInputMilliseconds = audioInputMilliseconds
    self.audioOutputMilliseconds = audioOutputMilliseconds
    self.videoMilliseconds = videoMilliseconds
    self.resolution = resolution
    self.requests = requests
  }

  /// How many of a unit; of seconds, how many thousandths.
  func count(of unit: PriceUnit) -> Int {
    switch unit {
    case .input: inputTokens
    case .cacheRead: cacheReadTokens
    case .cacheWrite: cacheWriteTokens
    case .cacheWriteHour: cacheWriteHourTokens
    case .audioInput: audioInputTokens
    case .output: outputTokens
    case .reasoning: reasoningTokens
    case .audioOutput: audioOutputTokens
    case .image: images
    case .audioInputSecond: audioInputMilliseconds
    case .audioOutputSecond: audioOutputMilliseconds
    case .videoSecond: videoMilliseconds
    case .request: requests
    }
  }

  /// All tokens of the prompt, by which the tier of a price list is found.
  func promptTokens() throws(PriceProblem) -> Int {
    try Self.sum([
      inputTokens, cacheReadTokens, cacheWriteTokens, cacheWriteHourTokens, audioInputTokens,
    ])
  }

  static func sum(_ counts: [Int]) throws(PriceProblem) -> Int {
    var total = 0
    for count in counts {
      guard count >= 0 else { throw .negativeCount }
      let (next, overflows) = total.addingReportingOverflow(count)
      guard !overflows else { throw .overflow }
      total = next
    }
    return total
  }
}
