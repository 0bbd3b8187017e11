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

    package init(
      beforeStart: @escaping () throws -> Void,
      denied: @escaping (ObservedDenial) -> Void,
      judge: @escaping (String, Bool, Bool) -> (rule: String, remedy: String?)?
    ) {
      self.beforeStart = beforeStart
      self.denied = denied
      self.judge = judge
    }
  }
}
