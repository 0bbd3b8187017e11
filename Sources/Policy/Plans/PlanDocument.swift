/// Work in parts, as a document describes it: which agents do what, what has to be done before, and what
/// becomes of conflicts between their branches.
package struct PlanDocument: Hashable, Sendable {
  /// A part, given to one agent.
  package struct Part: Hashable, Sendable {
    package let name: String
    /// What is to be done, in a sentence.
    package var task = ""
    /// Nil for our own, or what the whole plan is given to.
    package var agent: String?
    package var model: String?
    /// A file, or the name of a profile; nil for the plan's.
    package var policy: String?
    package var budget: Money?
    package var turns: Int?
    /// What has to be done, and merged, before.
    package var after: [String] = []
    /// Whether its branch becomes part of the plan's.
    package var merges = true

    package init(name: String) { self.name = name }
  }

  /// What becomes of two branches that changed the same lines.
  package enum Conflicts: Hashable, Sendable {
    /// A person says whether an agent settles it, or one of them is left out.
    case ask
    /// This agent settles it; a person is asked where it does not.
    case agent(String)
  }

  /// Agents that may work at a time.
  package static let mostAtOnce = 16
  package static let mostParts = 100

  package var parts: [Part] = []
  package var atOnce = mostAtOnce
  package var conflicts = Conflicts.ask

  package func part(_ name: String) -> Part? { parts.first { $0.name == name } }

  /// The parts in the order in which they can be done: each of these groups needs those before it alone.
  package var groups: [[Part]] {
    var groups: [[Part]] = []
    var done: Set<String> = []
    var rest = parts
    while !rest.isEmpty {
      let next = rest.filter { $0.after.allSatisfy(done.contains) }
      if next.isEmpty { break }
      groups.append(next)
      done.formUnion(next.map(\.name))
      rest.removeAll { done.contains($0.name) }
    }
    return groups
  }

  /// Parts that wait for one another, in the order of their waiting; empty where none do.
  package var cycle: [String] {
    let able = Set(groups.joined().map(\.name))
    let stuck = parts.filter { !able.contains($0.name) }
    guard var name = stuck.first?.name else { return [] }
    // Whoever is stuck waits for one that is stuck; from somewhere on it goes round.
    var path: [String] = []
    while !path.contains(name) {
      path.append(name)
      guard let next = part(name)?.after.first(where: { !able.contains($0) }) else { return path }
      name = next
    }
    return Array(path.drop { $0 != name }) + [name]
  }

  /// Who does a part, where nothing else is said.
  package static let ownAgent = AgentFiles.own
}
