package import Policy

extension AgentSettings {
  package struct PartProblem: Error, CustomStringConvertible {
    package let description: String
  }

  /// The settings of an agent that does a part of a plan: what the part says, and as the plan's else.
  ///
  /// - Throws: ``PartProblem`` where its policy allows more than the plan's.
  package func part(
    _ part: PlanDocument.Part,
    of plan: PlanDocument,
    within document: PolicyDocument,
    at beginning: String?
  ) throws -> AgentSettings {
    var settings = self
    settings.plan = nil
    settings.parallel = nil
    settings.name = part.name
    settings.depth += 1
    settings.beginning = beginning
    settings.agent = part.agent ?? AgentSettings.own
    settings.model = part.model ?? model
    settings.budget = part.budget?.picoDollars
    if let turns = part.turns { settings.bounds.turns = turns }
    settings.workspace = WorkspaceMode.branch.rawValue
    var narrow = document
    if let name = part.policy {
      guard let text = self.plan?.policies[name] else {
        throw PartProblem(description: "nothing is known of its policy \(name)")
      }
      narrow = try PolicyDocument.parse(text, file: name)
      settings.policyName = name
    }
    do throws(PolicyNarrowing.Wider) {
      narrow = try PolicyNarrowing.narrowed(narrow, within: document)
    } catch {
      throw PartProblem(
        description: "its policy \(settings.policyName) allows more than the plan's: "
          + error.sentences.joined(separator: " ")
      )
    }
    settings.policy = narrow.canonicalText
    return settings
  }
}
