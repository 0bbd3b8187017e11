/// What every name stands for, worked out once from the configuration and the catalogue.
package struct RouteTable: Sendable {
  package enum Kind: String, Hashable, Sendable {
    case model
    case alias
    case tier
  }

  /// What a name stands for.
  package struct Group: Hashable, Sendable {
    package var name: String
    package var kind: Kind
    package var offers: [Offer]
    package var policy: RoutePolicy
    /// What the tier promises beside what the request needs.
    package var needs: Needs
    package var cap: PriceCap?

    package init(
      name: String,
      kind: Kind,
      offers: [Offer],
      policy: RoutePolicy = .priority,
      needs: Needs = Needs(),
      cap: PriceCap? = nil
    ) {
      self.name = name
      self.kind = kind
      self.offers = offers
      self.policy = policy
      self.needs = needs
      self.cap = cap
    }
  }

  /// By name, sorted.
  package let groups: [Group]
  private let places: [String: Int]

  /// Of groups with the same name, the first is meant.
  package init(groups: [Group]) {
    var places: [String: Int] = [:]
    var kept: [Group] = []
    for group in groups {
      let name = foldedModelName(group.name)
      guard places[name] == nil else { continue }
      places[name] = kept.count
      kept.append(group)
    }
    self.groups = kept
    self.places = places
  }

  package func group(_ name: String) -> Group? {
    places[foldedModelName(name)].map { groups[$0] }
  }

  /// The names that may be called, and are worth showing.
  package func names(on today: CalendarDate) -> [String] {
    groups.filter { $0.offers.contains { !$0.model.lifecycle.isOver(on: today) } }.map(\.name)
  }

  /// What may be called, each model once: what has a name without its provider's is not listed under
  /// both.
  package func listed(on today: CalendarDate) -> [Group] {
    let usable = groups.filter { $0.offers.contains { !$0.model.lifecycle.isOver(on: today) } }
    let bare = Set(
      usable.compactMap { group in
        group.kind == .model && group.name == group.offers[0].key.id ? group.offers[0].key : nil
      }
    )
    return usable.filter { group in
      group.kind != .model || group.name != group.offers[0].key.description
        || !bare.contains(group.offers[0].key)
    }
  }
}
