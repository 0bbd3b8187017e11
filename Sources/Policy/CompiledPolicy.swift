/// A document with its places filled in: what is enforced, and what decides.
package struct CompiledPolicy: Hashable, Sendable {
  package let name: String
  package let document: PolicyDocument
  package let variables: PolicyVariables
  package let workspaceMode: WorkspaceMode
  /// What may be read: the workspace first, then the document's own, then installations.
  package let read: [PathGrant]
  /// What may be written, and so read.
  package let write: [PathGrant]
  /// Wins under any grant.
  package let deny: [PathGrant]
  /// Names of programs whose installation may be read.
  package let programs: [String]
  package let limits: Limits
  package let environment: EnvironmentRules
  package let network: [NetworkRule]

  package init(
    _ document: PolicyDocument,
    _ variables: PolicyVariables
  ) throws(PolicyError) {
    let compiler = PolicyCompiler(document, variables)
    guard compiler.problems.isEmpty else { throw PolicyError(compiler.problems) }
    name = document.origin.name
    self.document = document
    self.variables = variables
    workspaceMode = document.workspace
    read = compiler.read
    write = compiler.write
    deny = compiler.deny
    programs = document.filesystem.programs
    limits = document.limits
    environment = document.environment
    network = document.network
  }

  package var grantsNetwork: Bool { !network.isEmpty }

  /// What the document grants and Caisson does not enforce yet, one sentence each. A run with such
  /// a policy is refused: half a policy is none.
  package var unsupported: [String] { document.unsupported }

  /// The workspace in its shortest form; nil where the run has none.
  package var workspace: String? {
    workspaceMode == .none ? nil : variables.workspace.flatMap(PathText.normalised)
  }

  /// Whether the run may write all of its workspace.
  package var writesWorkspace: Bool {
    guard let workspace else { return false }
    return write.contains { $0.source == .host && $0.covers(workspace) }
  }

  /// A path as a person would write it in a document: by `$WORKSPACE` or `$HOME` where it can.
  func written(_ path: String) -> String {
    for (name, place) in [("$WORKSPACE", workspace), ("$HOME", variables.home)] {
      guard let place, place != "/", let below = PathText.below(place, path) else { continue }
      return below.isEmpty ? name : "\(name)/\(below)"
    }
    return path
  }
}

extension PolicyDocument {
  /// What is granted and not enforced yet, one sentence each.
  package var unsupported: [String] {
    var sentences: [String] = []
    if !tools.isEmpty {
      sentences.append(
        "tools are for agents, in assignments alone; remove tools, or use caisson assign"
      )
    }
    if !approvals.isEmpty {
      sentences.append(
        "approvals are kept in assignments alone; remove approvals, or use caisson assign"
      )
    }
    return sentences
  }
}
