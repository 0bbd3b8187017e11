/// Answers as a person would: what, whether, by which rule, and what to change.
package struct Explanation: Hashable, Sendable {
  package let request: Request
  package let decision: Decision
  package let text: String

  package init(_ request: Request, by policy: CompiledPolicy) {
    self.request = request
    decision = policy.decide(request)
    text = Self.sentence(request, decision, policy)
  }

  private static func sentence(
    _ request: Request,
    _ decision: Decision,
    _ policy: CompiledPolicy
  ) -> String {
    var text = "\(subject(request)): "
    switch decision.verdict {
    case .allow:
      text += "allowed by \(decision.rule)"
    case .deny:
      text += "denied by \(decision.rule)"
    case .heldAtApply:
      text += "held back at apply by \(decision.rule)"
    }
    if let remedy = decision.remedy { text += "; to allow: \(remedy)" }
    if let addition = addition(request, decision, policy) { text += "; \(addition)" }
    return text
  }

  private static func subject(_ request: Request) -> String {
    switch request {
    case .read(let path): "reading \(shown(path))"
    case .write(let path): "writing \(shown(path))"
    case .execute(let path): "running \(shown(path))"
    case .connect(let host, let port): "connecting to \(shown(host)) port \(port)"
    case .ask(let method, let address): "asking \(shown(method)) \(shown(address))"
    }
  }

  /// Bare where that is safe to print.
  private static func shown(_ text: String) -> String {
    let safe = printable(text, atMost: 4096)
    return safe == text ? text : "'\(safe)'"
  }

  private static func addition(
    _ request: Request,
    _ decision: Decision,
    _ policy: CompiledPolicy
  ) -> String? {
    switch (request, decision.verdict) {
    case (.read, .deny), (.execute, .deny):
      guard decision.rule == BuiltInRule.defaultDeny.name, !policy.programs.isEmpty,
        policy.variables.installations == nil
      else { break }
      return "unless it belongs to the installation of \(policy.programs.joined(separator: ", "))"
    case (.connect(let host, let port), .allow) where decision.rule != BuiltInRule.loopback.name:
      if case .passed = NetworkPolicy(rules: policy.network).admit(host: host, port: port) {
        return
          "what is said there is not looked into, and whoever answers at its address is trusted"
      }
      return "what is asked there is judged request by request"
    case (.connect, .deny) where decision.rule == BuiltInRule.addresses.name:
      return "grant the host by its name instead"
    default: break
    }
    switch decision.rule {
    case BuiltInRule.malformed.name: return "write it absolute, without '..'"
    case BuiltInRule.hostRuntime.name: return "nothing grants it: it reaches the whole machine"
    case BuiltInRule.ownState.name: return "nothing grants it"
    default: return nil
    }
  }
}
