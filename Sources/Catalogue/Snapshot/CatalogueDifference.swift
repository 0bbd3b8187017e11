import Policy

/// What another catalogue says differently: what a person reads before taking it.
package struct CatalogueDifference: Hashable, Sendable {
  /// One fact about a model, before and after.
  package struct Change: Hashable, Sendable {
    /// Such as `price.input`.
    package let fact: String
    package let before: String
    package let after: String
  }

  package struct ChangedModel: Hashable, Sendable {
    package let key: ModelEntry.Key
    package let changes: [Change]
  }

  package let added: [ModelEntry.Key]
  package let removed: [ModelEntry.Key]
  package let changed: [ChangedModel]
  /// Providers that come, go, or are reached elsewhere.
  package let providers: [Change]

  package init(from old: ModelCatalogue, to new: ModelCatalogue) {
    added = new.models.map(\.key).filter { old.model($0) == nil }
    removed = old.models.map(\.key).filter { new.model($0) == nil }
    changed = new.models.compactMap { model in
      guard let before = old.model(model.key) else { return nil }
      let changes = Self.changes(from: before, to: model)
      return changes.isEmpty ? nil : ChangedModel(key: model.key, changes: changes)
    }
    providers = Self.providers(from: old, to: new)
  }

  package var isEmpty: Bool {
    added.isEmpty && removed.isEmpty && changed.isEmpty && providers.isEmpty
  }

  private static func changes(from old: ModelEntry, to new: ModelEntry) -> [Change] {
    let before = facts(of: old)
    let after = facts(of: new)
    let names =
      before.map(\.fact)
      + after.map(\.fact).filter { name in
        !before.contains { $0.fact == name }
      }
    return names.compactMap { name in
      let was = before.first { $0.fact == name }?.text ?? "–"
      let now = after.first { $0.fact == name }?.text ?? "–"
      return was == now ? nil : Change(fact: name, before: was, after: now)
    }
  }

  private static func facts(of model: ModelEntry) -> [(fact: String, text: String)] {
    let words: [(fact: String, text: String?)] = [
      ("name", model.name),
      ("aliases", model.aliases.isEmpty ? nil : model.aliases.joined(separator: ", ")),
      ("in", model.input.names.joined(separator: ", ")),
      ("out", model.output.names.joined(separator: ", ")),
      ("can", model.capabilities.names.joined(separator: ", ")),
      ("context", model.limits.context.map { "\($0)" }),
      ("prompt", model.limits.input.map { "\($0)" }),
      ("answer", model.limits.output.map { "\($0)" }), ("lifecycle", model.lifecycle.text),
      ("licence", model.licence), ("open weights", model.hasOpenWeights ? "yes" : nil),
    ]
    return words.compactMap { fact, text in text.map { (fact, $0) } }
      + model.price.lines.map { ("price.\($0.what)", $0.text) }
  }

  private static func providers(from old: ModelCatalogue, to new: ModelCatalogue) -> [Change] {
    let names =
      old.providers.map(\.id)
      + new.providers.map(\.id).filter { id in
        old.provider(id) == nil
      }
    return names.compactMap { name in
      let was = old.provider(name)?.text ?? "–"
      let now = new.provider(name)?.text ?? "–"
      return was == now ? nil : Change(fact: name, before: was, after: now)
    }
  }
}

extension ProviderEntry {
  fileprivate var text: String { "\(dialect.rawValue) at \(base)" }
}

extension Lifecycle {
  /// As a table shows it.
  package var text: String {
    let follows = successor.map { ", \($0) follows" } ?? ""
    return switch self {
    case .current: "current"
    case .preview: "preview"
    case .retiring(let day, _): "until \(day)\(follows)"
    case .retired(let day, _): "retired" + (day.map { " \($0)" } ?? "") + follows
    }
  }
}

extension Price {
  /// Each rate by what it is for, as a person reads it.
  package var lines: [(what: String, text: String)] {
    switch self {
    case .unknown: return [("input", "unknown")]
    case .free: return [("input", "free")]
    case .listed(let list):
      var lines = list.base.lines("")
      for tier in list.tiers { lines += tier.rates.lines(", above \(tier.above) tokens") }
      for (resolution, rate) in list.video.sorted(by: { $0.key < $1.key }) {
        lines.append(("video at \(resolution)", rate.text(for: .videoSecond)))
      }
      for mode in list.modes { lines += mode.rates.lines(", \(mode.field): \(mode.value)") }
      return lines
    }
  }
}

extension PriceList.Rates {
  fileprivate func lines(_ suffix: String) -> [(what: String, text: String)] {
    PriceUnit.allCases.compactMap { unit in
      self[unit].map { ("\(unit.rawValue)\(suffix)", $0.text(for: unit)) }
    }
  }
}
