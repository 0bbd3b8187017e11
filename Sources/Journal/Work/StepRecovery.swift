/// What becomes of a step whose worker died between its intent and its outcome.
///
/// A function of what is on record and what has been found out since; it never guesses. Each question
/// that it asks (a probe, a person) is answered by calling it again with the answer.
package enum StepRecovery {
  /// What has been found out about an open step.
  package enum Evidence: Sendable, Hashable, CaseIterable {
    /// Nothing yet.
    case none
    /// The world shows that it happened.
    case happened
    /// The world shows that it did not.
    case didNotHappen
    /// The world shows neither.
    case unclear
    /// A person says: do it once more.
    case personSaysAgain
    /// A person says that it happened.
    case personSaysHappened
    /// A person says to leave it and let the agent go on.
    case personSaysSkip
    /// A person was asked and no answer came in time.
    case nobodyAnswered
  }

  package enum Verdict: Sendable, Hashable {
    /// Do it again: that changes nothing, or a person said so.
    case runAgain
    /// Send it again under the key of its intent.
    case sendAgainWithSameKey
    /// Ask the world.
    case probe
    /// Ask a person, showing the exact action.
    case askPerson
    /// Record that it happened.
    case recordAsHappened
    /// Close it as interrupted; the agent is told that it may have happened in part.
    case closeAsInterrupted
    /// Close it as not having happened; the agent is told so and may try again.
    case closeAsNotHappened
    /// Close it as failed: it was tried too often.
    case giveUp
  }

  /// How often a step is begun before it counts as the cause of its worker's death.
  package static let largestAttempts = 5

  /// - Parameter attempts: how often it was begun, at least once.
  package static func verdict(
    _ effect: EffectClass,
    attempts: Int,
    evidence: Evidence = .none
  ) -> Verdict {
    switch evidence {
    // What a person says or the world shows holds for every class.
    case .happened, .personSaysHappened: return .recordAsHappened
    case .personSaysSkip, .nobodyAnswered: return .closeAsInterrupted
    // What has a key is never sent without it.
    case .personSaysAgain: return effect == .keyed ? .sendAgainWithSameKey : .runAgain
    case .none, .didNotHappen, .unclear: break
    }
    let isExhausted = attempts >= largestAttempts
    switch (effect, evidence) {
    case (.pure, _): return isExhausted ? .giveUp : .runAgain
    // However often: given up, it would be asked under another key, and paid for twice. Workers that
    // die of it are what parking is for.
    case (.keyed, _): return .sendAgainWithSameKey
    case (.probed, .none): return .probe
    case (.probed, .didNotHappen): return isExhausted ? .closeAsNotHappened : .runAgain
    case (.probed, _): return .askPerson
    case (.contained, .didNotHappen): return .closeAsNotHappened
    case (.contained, _): return .closeAsInterrupted
    case (.opaque, .didNotHappen): return .closeAsNotHappened
    case (.opaque, _): return .askPerson
    }
  }
}
