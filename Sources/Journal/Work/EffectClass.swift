/// What may be done about an effect of which only the intent is on record.
package enum EffectClass: String, Codable, Sendable, Hashable, CaseIterable {
  /// Changes nothing: it is run again.
  case pure
  /// Whoever receives it knows its key and does it once: it is sent again under the same key.
  case keyed
  /// The world can be asked whether it happened.
  case probed
  /// Reaches nothing but the run's own workspace, which the agent can look at: it is not repeated,
  /// and the agent is told that it was interrupted.
  case contained
  /// Nobody can tell but a person, who is shown exactly what it was.
  case opaque
}
