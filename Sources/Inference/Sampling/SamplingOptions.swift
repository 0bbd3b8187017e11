/// How a token is chosen from what a model thinks of each.
///
/// The order is fixed: penalties, `topK`, `topP`, `minP` (shares before the temperature is applied),
/// temperature, draw; under the mask of a constraint only if it refuses what was drawn without.
package struct SamplingOptions: Sendable, Equatable {
  /// 0: always the likeliest, and of two equals the one with the lower number.
  package var temperature: Float = 1
  /// Only the likeliest so many; 0: all.
  package var topK = 0
  /// Only the likeliest whose shares add up to this; 1: all.
  package var topP: Float = 1
  /// Only those with at least this part of the likeliest one's share; 0: all.
  package var minP: Float = 0
  /// Logits of tokens seen lately are divided by this where positive, multiplied where negative.
  package var repetitionPenalty: Float = 1
  /// Taken off a token's logit for each time that it was seen lately.
  package var frequencyPenalty: Float = 0
  /// Taken off the logit of each token that was seen lately.
  package var presencePenalty: Float = 0
  /// How many of the last tokens, prompt included, are "lately".
  package var penaltyWindow = 64
  /// Where the draws start; nil: somewhere else each time.
  package var seed: UInt64?
  /// How many of the likeliest tokens are reported beside the chosen one; nil: not even that one.
  package var logprobs: Int?

  package init() {}

  /// What is wrong with the options, as a sentence; nil if nothing.
  package var objection: String? {
    guard temperature >= 0, temperature <= 100 else { return "temperature must be 0 to 100" }
    guard topK >= 0 else { return "top_k must not be negative" }
    guard topP > 0, topP <= 1 else { return "top_p must be above 0 and at most 1" }
    guard minP >= 0, minP <= 1 else { return "min_p must be 0 to 1" }
    // What divides a logit must not make it infinite.
    guard repetitionPenalty >= 0.01, repetitionPenalty <= 100 else {
      return "the repetition penalty must be 0.01 to 100"
    }
    guard abs(frequencyPenalty) <= 100, abs(presencePenalty) <= 100 else {
      return "frequency and presence penalties must be -100 to 100"
    }
    guard (0...65_536).contains(penaltyWindow) else {
      return "penalties look back over 0 to 65536 tokens"
    }
    guard (0...100).contains(logprobs ?? 0) else { return "0 to 100 logprobs can be reported" }
    return nil
  }

  var hasPenalties: Bool {
    penaltyWindow > 0 && (repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0)
  }
}
