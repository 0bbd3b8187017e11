/// Whose calls may be taken over after a crash: decided from what is seen, without looking.
package enum CallRecovery {
  /// What is seen of a process number in the namespace of the one who looks.
  package enum Sight: Sendable, Equatable {
    case running(start: UInt64)
    case gone
    case unclear
  }

  package enum Fate: Sendable, Equatable {
    /// It runs, or nobody can tell from here that it does not: its calls are its own.
    case mayRun
    case dead
  }

  /// Judges the process of an epoch. Only what is certain is dead: a call that is charged at its
  /// ceiling while its gateway still waits for the answer would be settled twice.
  package static func fate(
    of process: ProcessIdentity,
    hasEnded: Bool,
    seenFrom own: ProcessIdentity,
    as sight: Sight
  ) -> Fate {
    if hasEnded { return .dead }
    if process == own { return .mayRun }
    if let boot = process.boot, let ownBoot = own.boot, boot != ownBoot { return .dead }
    guard process.boot != nil, process.boot == own.boot, process.namespace != nil,
      process.namespace == own.namespace
    else { return .mayRun }
    switch sight {
    case .gone: return .dead
    case .running(let start): return process.start != 0 && start != process.start ? .dead : .mayRun
    case .unclear: return .mayRun
    }
  }
}
