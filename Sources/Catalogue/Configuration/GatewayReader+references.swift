import Policy

/// Names that must mean something.
extension GatewayReader {
  mutating func checkReferences() {
    let providers = configuration.providers.map(\.name)
    let budgets = configuration.budgets.map(\.name)
    for reference in references {
      switch reference.kind {
      case .provider:
        guard !providers.contains(reference.name), !unreadable.contains(reference.name) else {
          continue
        }
        complain(
          reference,
          "no provider is called \(quoted(reference.name))",
          among: providers,
          else: "add it under providers"
        )
      case .budget:
        guard !budgets.contains(reference.name) else { continue }
        complain(
          reference,
          "no budget is called \(quoted(reference.name))",
          among: budgets,
          else: "add it under budgets"
        )
      case .model: checkModel(reference, orTier: false)
      case .target: checkModel(reference, orTier: true)
      }
    }
    checkBudgetsEnd()
    checkNames()
  }

  private mutating func checkModel(_ reference: Reference, orTier: Bool) {
    let name = foldedModelName(reference.name)
    var known = configuration.models.map(\.name)
    if orTier { known += configuration.tiers.map(\.name) }
    if known.contains(where: { foldedModelName($0) == name }) { return }
    // Which models this machine has is not for the document to know.
    if configuration.servesEngine, EngineModel.isName(reference.name) { return }
    if let slash = reference.name.firstIndex(of: "/") {
      let provider = String(reference.name[..<slash])
      if unreadable.contains(provider) { return }
      if let settings = configuration.provider(provider) {
        let id = String(reference.name[reference.name.index(after: slash)...])
        // A provider that the catalogue does not know may serve anything.
        guard let source = settings.catalogue else { return }
        if !catalogue.models(named: "\(source)/\(id)").isEmpty { return }
        known += catalogue.models.filter { $0.key.provider == source }
          .map { "\(provider)/\($0.key.id)" }
      }
    }
    complain(
      reference,
      "no model is called \(quoted(reference.name))",
      among: known,
      else: "add it under models, or name it as provider/model"
    )
  }

  private mutating func complain(
    _ reference: Reference,
    _ what: String,
    among known: [String],
    else remedy: String
  ) {
    let near = nearest(to: reference.name, in: known)
    nodes.report(
      reference.node,
      reference.path,
      what,
      near.map { "did you mean '\($0)'?" } ?? remedy
    )
  }

  /// A budget that draws from itself, by whatever way, would never have an end.
  private mutating func checkBudgetsEnd() {
    let parents = Dictionary(
      configuration.budgets.map { ($0.name, $0.parent) },
      uniquingKeysWith: { first, _ in first }
    )
    for reference in references where reference.kind == .budget {
      var name: String? = reference.name
      var steps = 0
      while let current = name, steps <= parents.count {
        name = parents[current] ?? nil
        steps += 1
      }
      guard steps > parents.count else { continue }
      nodes.report(
        reference.node,
        reference.path,
        "the budget draws from itself in the end",
        "name a parent that has another, or none"
      )
    }
  }

  /// A name means one thing.
  private mutating func checkNames() {
    var seen: [String: String] = [:]
    let all =
      configuration.models.map { ($0.name, "models") }
      + configuration.aliases.map { ($0.name, "aliases") }
      + configuration.tiers.map { ($0.name, "tiers") }
    for (name, place) in all {
      guard let first = seen.updateValue(place, forKey: foldedModelName(name)), first != place
      else { continue }
      nodes.problems.append(
        Problem(
          file: nodes.file,
          key: nodes.join(place, name),
          what: "the name stands under \(first), too",
          remedy: "call one of them otherwise"
        )
      )
    }
  }
}
