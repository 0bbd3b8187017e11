import Journal
package import Policy

/// What the policy says to the loop; what it says to the sandbox is enforced there.
package struct AgentRules: Sendable {
  /// Agents below one another.
  package static let deepest = 3

  package let reachesNetwork: Bool
  /// Whether it works on a branch of its own.
  let hasBranch: Bool
  /// What is known of a command whose end nobody saw.
  let commandEffect: EffectKnowledge
  let approvals: [ApprovalRule]
  /// In the order of the policy.
  let tools: [ToolRule]
  private let document: PolicyDocument
  /// The policy as it is enforced inside: without what the loop itself enforces.
  package let inside: PolicyDocument

  enum EffectKnowledge: Sendable {
    /// It reached nothing but the agent's own workspace.
    case contained
    case opaque
  }

  package init(_ document: PolicyDocument) {
    reachesNetwork = !document.network.isEmpty
    hasBranch = document.workspace == .branch
    let holdsBack = document.workspace == .overlay || document.workspace == .branch
    let writesElsewhere = (document.filesystem.write ?? []).contains { rule in
      rule.text != "/tmp" && rule.text != "$WORKSPACE" && !rule.text.hasPrefix("$WORKSPACE/")
        && !rule.text.hasPrefix("/tmp/")
    }
    commandEffect =
      !reachesNetwork && holdsBack && !writesElsewhere ? .contained : .opaque
    approvals = document.approvals
    tools = document.tools
    self.document = document
    var inside = document
    inside.approvals = []
    inside.tools = []
    // The loop's own calls go to the gateway from outside.
    inside.models = nil
    self.inside = inside
  }

  /// Whether a server's tool may be called with these arguments.
  func decide(_ server: String, _ tool: String, arguments: String) -> Decision {
    document.decideTool(server: server, tool: tool, arguments: arguments)
  }

  /// What is known of a call of which nobody saw the end.
  func effect(_ server: String, _ tool: String) -> EffectClass {
    switch document.toolClass(server: server, tool: tool) {
    case .pure: .pure
    case .keyed: .keyed
    case .probed: .probed
    case .opaque: .opaque
    }
  }

  /// Whether a person is to be asked when an amount is spent.
  var boundsSpending: Bool { rule(for: .spend(.max)) != nil }

  /// The first rule that wants a person asked.
  func rule(for occasion: ApprovalOccasion) -> ApprovalRule? {
    approvals.first { $0.covers(occasion) }
  }
}
