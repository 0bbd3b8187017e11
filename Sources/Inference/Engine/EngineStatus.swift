/// What an engine is doing, as of its last step.
package struct EngineStatus: Sendable, Equatable {
  /// Answers being worked on.
  package var active = 0
  /// Requests that wait for a place.
  package var waiting = 0
  /// Places that are free.
  var places = 0
  /// Positions whose keys and values are in the cache, kept ones of ended answers included.
  package var cachedPositions = 0
  /// Bytes that these take.
  package var cachedBytes = 0
  package var steps: UInt64 = 0
  /// Tokens of prompts that were computed, and such that were known.
  package var promptTokens: UInt64 = 0
  package var reusedTokens: UInt64 = 0
  package var generatedTokens: UInt64 = 0
}
