/// What came of one attack: whether it works unsealed, whether the seal held, whether the record
/// says so. Judged from exit statuses, which `caisson-attack` defines.
struct AttackVerdict: Equatable, Sendable {
  /// The exit statuses of `caisson-attack`.
  enum Status {
    static let goal: Int32 = 0
    static let stopped: Int32 = 10
    static let impossible: Int32 = 77
  }

  /// The attack without a seal. It must work, else a denial inside proves nothing.
  enum Control: String, Encodable, Sendable {
    case works
    /// This kernel or this user cannot do it, sealed or not.
    case impossible
    case broken
  }

  enum Sealed: String, Encodable, Sendable {
    case stopped, contained, through, broken
    /// Got through, and is said to.
    case known
    /// The attack found nothing to try.
    case nothing
  }

  enum Audit: String, Encodable, Sendable {
    case seen, missing
    /// The kernel lets no row be expected.
    case none
  }

  enum Outcome: String, Encodable, Sendable {
    case held, failed
    /// Stopped inside, but nothing shows here that it would have worked.
    case unproven
    /// Got through, as the threat model says that it does.
    case known
  }

  var control: Control
  var sealed: Sealed
  var audit: Audit

  var outcome: Outcome {
    if control == .broken || audit == .missing { return .failed }
    switch sealed {
    case .through, .broken: return .failed
    case .known: return .known
    case .nothing: return control == .impossible ? .unproven : .failed
    case .stopped, .contained: return control == .works ? .held : .unproven
    }
  }

  /// - Parameters:
  ///   - run: exit status of the attack, 128 and more where it was killed.
  ///   - harm: exit status of the look from the host; nil where there is none.
  static func control(_ attack: Attack, run: Int32, harm: Int32?) -> Control {
    if run == Status.impossible { return .impossible }
    if attack.expects != .denied, attack.verifies {
      return harm == Status.goal ? .works : .broken
    }
    return run == Status.goal ? .works : .broken
  }

  static func sealed(_ attack: Attack, run: Int32, harm: Int32?) -> Sealed {
    // Caisson sees it coming and starts nothing.
    if attack.expects == .refused { return run == 126 ? .stopped : .through }
    // 125 to 127: the run did not take place, so nothing was attacked.
    if (125...127).contains(run) { return .broken }
    if attack.verifies, harm == Status.goal {
      return attack.expects == .known ? .known : .through
    }
    if run == Status.impossible { return .nothing }
    switch attack.expects {
    case .denied:
      if run == Status.stopped { return .stopped }
      return run == Status.goal ? .through : .broken
    case .refused: return .broken
    case .contained, .known:
      if attack.verifies { return harm == Status.stopped ? .contained : .broken }
      if run == Status.stopped { return .stopped }
      // Killed for going over a limit.
      if run > 128 { return .contained }
      return run == Status.goal ? .through : .broken
    }
  }

  static func audit(_ attack: Attack, denials: Set<String>) -> Audit {
    if attack.audit.isEmpty { return .none }
    return denials.contains(attack.audit) ? .seen : .missing
  }
}
