import Testing

@testable import Journal

/// The whole of what becomes of a step that was begun and did not end.
@Suite struct StepRecoveryTests {
  private struct Line {
    let effect: EffectClass
    let evidence: StepRecovery.Evidence
    /// While it was begun less often than the limit.
    let below: StepRecovery.Verdict
    /// From the limit on.
    let beyond: StepRecovery.Verdict

    init(
      _ effect: EffectClass,
      _ evidence: StepRecovery.Evidence,
      _ below: StepRecovery.Verdict,
      _ beyond: StepRecovery.Verdict? = nil
    ) {
      self.effect = effect
      self.evidence = evidence
      self.below = below
      self.beyond = beyond ?? below
    }
  }

  /// Each class with each evidence, once; the second verdict is the one from the limit on, where it
  /// is another.
  private static let table = [
    // Changes nothing: it is run again, until it was tried too often.
    Line(.pure, .none, .runAgain, .giveUp),
    Line(.pure, .didNotHappen, .runAgain, .giveUp),
    Line(.pure, .unclear, .runAgain, .giveUp),
    Line(.pure, .happened, .recordAsHappened),
    Line(.pure, .personSaysAgain, .runAgain),
    Line(.pure, .personSaysHappened, .recordAsHappened),
    Line(.pure, .personSaysSkip, .closeAsInterrupted),
    Line(.pure, .nobodyAnswered, .closeAsInterrupted),
    // Sent again under the same key, until it was tried too often; never without the key, whoever
    // says so.
    Line(.keyed, .none, .sendAgainWithSameKey),
    Line(.keyed, .didNotHappen, .sendAgainWithSameKey),
    Line(.keyed, .unclear, .sendAgainWithSameKey),
    Line(.keyed, .happened, .recordAsHappened),
    Line(.keyed, .personSaysAgain, .sendAgainWithSameKey),
    Line(.keyed, .personSaysHappened, .recordAsHappened),
    Line(.keyed, .personSaysSkip, .closeAsInterrupted),
    Line(.keyed, .nobodyAnswered, .closeAsInterrupted),
    // The world is asked; what it shows decides; where it shows nothing, a person does.
    Line(.probed, .none, .probe),
    Line(.probed, .didNotHappen, .runAgain, .closeAsNotHappened),
    Line(.probed, .unclear, .askPerson),
    Line(.probed, .happened, .recordAsHappened),
    Line(.probed, .personSaysAgain, .runAgain),
    Line(.probed, .personSaysHappened, .recordAsHappened),
    Line(.probed, .personSaysSkip, .closeAsInterrupted),
    Line(.probed, .nobodyAnswered, .closeAsInterrupted),
    // Stays in the workspace, where the agent can look: closed, and not repeated.
    Line(.contained, .none, .closeAsInterrupted),
    Line(.contained, .didNotHappen, .closeAsNotHappened),
    Line(.contained, .unclear, .closeAsInterrupted),
    Line(.contained, .happened, .recordAsHappened),
    Line(.contained, .personSaysAgain, .runAgain),
    Line(.contained, .personSaysHappened, .recordAsHappened),
    Line(.contained, .personSaysSkip, .closeAsInterrupted),
    Line(.contained, .nobodyAnswered, .closeAsInterrupted),
    // Nobody can tell but a person; where it certainly did not happen, nobody is bothered.
    Line(.opaque, .none, .askPerson),
    Line(.opaque, .didNotHappen, .closeAsNotHappened),
    Line(.opaque, .unclear, .askPerson),
    Line(.opaque, .happened, .recordAsHappened),
    Line(.opaque, .personSaysAgain, .runAgain),
    Line(.opaque, .personSaysHappened, .recordAsHappened),
    Line(.opaque, .personSaysSkip, .closeAsInterrupted),
    Line(.opaque, .nobodyAnswered, .closeAsInterrupted),
  ]

  private static let limit = StepRecovery.largestAttempts
  private static let below = [1, limit - 1]
  private static let beyond = [limit, limit + 1, 1_000, .max]

  @Test func `each verdict is the one that is written down`() {
    for line in Self.table {
      for attempts in Self.below {
        let verdict = StepRecovery.verdict(
          line.effect,
          attempts: attempts,
          evidence: line.evidence
        )
        #expect(verdict == line.below, "\(line.effect), \(line.evidence), \(attempts)")
      }
      for attempts in Self.beyond {
        let verdict = StepRecovery.verdict(
          line.effect,
          attempts: attempts,
          evidence: line.evidence
        )
        #expect(verdict == line.beyond, "\(line.effect), \(line.evidence), \(attempts)")
      }
    }
  }

  @Test func `the table holds each class with each evidence once`() {
    let cells = EffectClass.allCases.count * StepRecovery.Evidence.allCases.count
    #expect(Self.table.count == cells)
    #expect(Set(Self.table.map { "\($0.effect) \($0.evidence)" }).count == cells)
  }

  @Test func `without evidence, nothing is known`() {
    for effect in EffectClass.allCases {
      for attempts in Self.below + Self.beyond {
        let verdict = StepRecovery.verdict(effect, attempts: attempts)
        #expect(verdict == StepRecovery.verdict(effect, attempts: attempts, evidence: .none))
      }
    }
  }

  // MARK: What holds everywhere

  private static func each(
    _ body: (EffectClass, StepRecovery.Evidence, Int, StepRecovery.Verdict) -> Void
  ) {
    for effect in EffectClass.allCases {
      for evidence in StepRecovery.Evidence.allCases {
        for attempts in below + beyond {
          let verdict = StepRecovery.verdict(effect, attempts: attempts, evidence: evidence)
          body(effect, evidence, attempts, verdict)
        }
      }
    }
  }

  private static func repeats(_ verdict: StepRecovery.Verdict) -> Bool {
    verdict == .runAgain || verdict == .sendAgainWithSameKey
  }

  @Test func `what may do harm twice is repeated by a person's word alone`() {
    Self.each { effect, evidence, attempts, verdict in
      guard effect == .opaque || effect == .contained else { return }
      #expect(Self.repeats(verdict) == (evidence == .personSaysAgain))
    }
  }

  @Test func `what can be asked for is repeated where it did not happen, or by a person's word`() {
    Self.each { effect, evidence, attempts, verdict in
      guard effect == .probed, Self.repeats(verdict) else { return }
      #expect(evidence == .didNotHappen || evidence == .personSaysAgain)
    }
  }

  @Test func `what has a key is never sent without it, and nothing else is sent by key`() {
    Self.each { effect, _, _, verdict in
      if effect == .keyed { #expect(verdict != .runAgain) }
      if verdict == .sendAgainWithSameKey { #expect(effect == .keyed) }
    }
  }

  @Test func `nothing is begun beyond the limit but by a person's word, or under its key`() {
    Self.each { effect, evidence, attempts, verdict in
      guard attempts >= Self.limit, Self.repeats(verdict), effect != .keyed else { return }
      #expect(evidence == .personSaysAgain)
    }
  }

  @Test func `it is recorded as happened only where somebody says so`() {
    Self.each { _, evidence, _, verdict in
      let isSaid = evidence == .happened || evidence == .personSaysHappened
      #expect((verdict == .recordAsHappened) == isSaid)
    }
  }

  @Test func `it is closed as not happened only where the world says so`() {
    Self.each { _, evidence, _, verdict in
      if verdict == .closeAsNotHappened { #expect(evidence == .didNotHappen) }
    }
  }

  /// Else a worker would ask for ever.
  @Test func `each answer ends the asking`() {
    Self.each { _, evidence, _, verdict in
      if evidence != .none { #expect(verdict != .probe) }
      if ![.none, .unclear].contains(evidence) { #expect(verdict != .askPerson) }
    }
  }

  @Test func `only what can be asked for is asked for`() {
    Self.each { effect, _, _, verdict in
      if verdict == .probe { #expect(effect == .probed) }
    }
  }

  /// Trying more often never makes bolder.
  @Test func `from the limit on, nothing is repeated that was not before`() {
    Self.each { effect, evidence, attempts, verdict in
      guard attempts >= Self.limit, Self.repeats(verdict) else { return }
      #expect(StepRecovery.verdict(effect, attempts: 1, evidence: evidence) == verdict)
    }
  }
}
