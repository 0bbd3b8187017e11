/// What an engine may use.
package struct EngineOptions: Sendable, Equatable {
  /// Threads that compute; at least 1.
  package var threads = 1
  /// Positions of the longest sequence, prompt and answer together; nil: what the model was trained
  /// for, at most 8,192.
  package var contextLength: Int?
  /// Answers that are worked on at the same time; others wait.
  package var parallel = 8
  /// Requests that may wait; more are refused.
  package var queueLimit = 64
  package var cacheForm = CacheLayout.Form.f16
  /// Positions of all sequences together that the cache holds at most, kept ones of ended answers
  /// included; nil: two sequences as long as can be.
  package var cachePositions: Int?
  /// Tokens of prompts that one step takes at most when no answer is being written: fewer where the model
  /// is so slow that a step would take longer than a moment, or so wide that they would take much memory.
  package var chunk = 256
  /// The same while answers are being written, which wait for each step.
  package var sharedChunk = 32

  package init() {}
}
