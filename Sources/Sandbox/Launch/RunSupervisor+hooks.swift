extension RunSupervisor {
  /// What the composition root adds to a run.
  package struct Hooks {
    /// Called when all is prepared and before the command starts. Throwing ends the run unstarted.
    package var beforeStart: () throws -> Void
    /// Called once for each kind of denial, when it is first seen.
    package var denied: (ObservedDenial) -> Void
    /// Judges a file access under `--trace-denials`; nil where it is granted.
    package var judge:
      (_ path: String, _ writes: Bool, _ executes: Bool) -> (rule: String, remedy: String?)?
    /// Called once no process of the run is left, while the launcher still clears up.
    package var ended: (RunOutcome) throws -> Void
    /// Called when somebody asked to take network from the run: the update that leaves less of it, or
    /// nil where nothing of it is left.
    package var revoked: () throws -> [UInt8]? = { nil }
    /// The words in which a person is asked about a place, given as `PORT HOST`.
    package var question: (String) -> String = { $0 }
    /// Called with a place that a person granted: the update that grants it, too.
    package var granted: ((String) throws -> [UInt8])?
    /// Called where the run's loopback was to be tapped: with 0, or with why it is not.
    package var tapped: (Int32) -> Void = { _ in }
    /// Called with what the way out observed, in JSON; gives what of it was refused. Throwing ends
    /// the run: what cannot be recorded does not go on.
    package var observed: ([[UInt8]]) throws -> [ObservedDenial]

    package init(
      beforeStart: @escaping () throws -> Void,
      denied: @escaping (ObservedDenial) -> Void,
      judge: @escaping (String, Bool, Bool) -> (rule: String, remedy: String?)?,
      ended: @escaping (RunOutcome) throws -> Void = { _ in },
      observed: @escaping ([[UInt8]]) throws -> [ObservedDenial] = { _ in [] }
    ) {
      self.beforeStart = beforeStart
      self.denied = denied
      self.judge = judge
      self.ended = ended
      self.observed = observed
    }
  }
}
