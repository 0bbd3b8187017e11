extension CompiledPolicy {
  /// Whether the run may do this. Names that are links are judged as they are written.
  package func decide(_ request: Request) -> Decision {
    Decision(.deny, rule: "the built-in rule 'default deny'")
  }

  /// Whether a change at this path of the workspace may be applied.
  ///
  /// - Parameters:
  ///   - relativePath: Bytes below the workspace, separated by slashes, without a leading one.
  ///   - kind: What the change leaves there; for a deletion, what stood there.
  package func decideApply(
    relativePath: [UInt8],
    kind: EntryKind = .other
  ) -> ApplyDecision {
    .hold(rule: "the built-in rule 'default deny'", remedy: nil)
  }
}
