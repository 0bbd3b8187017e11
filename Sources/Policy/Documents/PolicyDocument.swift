/// A policy as a person writes it: the native document, checked, with nothing resolved yet.
///
/// Reference for its readers: `docs/policy.md`.
package struct PolicyDocument: Hashable, Sendable {
  package var workspace: WorkspaceMode
  package var filesystem: FilesystemRules
  package var environment: EnvironmentRules
  package var limits: Limits
  package var network: [NetworkRule]
  package var models: ModelRules?
  package var tools: [ToolRule]
  package var approvals: [ApprovalRule]
  /// The profile or the file that the document came from; no part of what it says.
  package var origin: Origin

  package init(
    workspace: WorkspaceMode = .overlay,
    filesystem: FilesystemRules = FilesystemRules(),
    environment: EnvironmentRules = EnvironmentRules(),
    limits: Limits = Limits(),
    network: [NetworkRule] = [],
    models: ModelRules? = nil,
    tools: [ToolRule] = [],
    approvals: [ApprovalRule] = [],
    origin: Origin
  ) {
    self.workspace = workspace
    self.filesystem = filesystem
    self.environment = environment
    self.limits = limits
    self.network = network
    self.models = models
    self.tools = tools
    self.approvals = approvals
    self.origin = origin
  }

  /// The name that a document goes by. Like a `SourceMark`, it does not take part in comparison.
  package struct Origin: Hashable, Sendable {
    package var name: String

    package init(_ name: String) {
      self.name = name
    }

    package static func == (left: Origin, right: Origin) -> Bool { true }

    package func hash(into hasher: inout Hasher) {}
  }
}

/// How a run sees the directory that it works on.
package enum WorkspaceMode: String, Hashable, Sendable, CaseIterable {
  /// Copy on write: changes are held back until they are applied.
  case overlay
  /// In a git repository: a private gitdir and a branch of its own.
  case branch
  /// The directory itself.
  case direct
  /// No workspace at all.
  case none
}
