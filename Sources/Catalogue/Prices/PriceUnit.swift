/// What a provider counts when it writes its bill.
package enum PriceUnit: String, Hashable, Sendable, CaseIterable {
  /// Tokens of the prompt that no other unit counts.
  case input
  /// Tokens of the prompt that the provider had in its cache.
  case cacheRead = "cache_read"
  /// Tokens of the prompt that it put there, for as long as is usual (five minutes, mostly).
  case cacheWrite = "cache_write"
  /// Tokens that it put there for an hour.
  case cacheWriteHour = "cache_write_1h"
  /// Tokens of the prompt that were sound.
  case audioInput = "audio_in"
  /// Tokens of the answer that no other unit counts.
  case output
  /// Tokens thought before the answer.
  case reasoning
  /// Tokens of the answer that are sound.
  case audioOutput = "audio_out"
  /// Pictures made, where they are not counted in tokens.
  case image
  case audioInputSecond = "audio_second_in"
  case audioOutputSecond = "audio_second_out"
  /// Seconds of video made, where the resolution does not matter.
  case videoSecond = "video_second"
  /// Calls, whatever is in them.
  case request

  package var isTokens: Bool {
    switch self {
    case .input, .cacheRead, .cacheWrite, .cacheWriteHour, .audioInput, .output, .reasoning,
      .audioOutput:
      true
    case .image, .audioInputSecond, .audioOutputSecond, .videoSecond, .request: false
    }
  }

  package var isSeconds: Bool {
    switch self {
    case .audioInputSecond, .audioOutputSecond, .videoSecond: true
    default: false
    }
  }

  /// The unit at whose rate this one is billed where it has none of its own.
  ///
  /// A write that lasts an hour has none: it costs more than a usual one, and how much more is not
  /// for us to guess.
  var standIn: PriceUnit? {
    switch self {
    case .cacheRead, .cacheWrite, .audioInput: .input
    case .reasoning, .audioOutput: .output
    default: nil
    }
  }
}
