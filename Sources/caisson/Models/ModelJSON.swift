import Catalogue

/// A model as `caisson models --json` prints it.
struct ModelJSON: Encodable {
  struct Rate: Encodable {
    let what: String
    let price: String
  }

  let model: String
  let provider: String
  let id: String
  let name: String
  let aliases: [String]
  let takes: [String]
  let gives: [String]
  let can: [String]
  let context: Int?
  let prompt: Int?
  let answer: Int?
  let released: String?
  let knowledge: String?
  let openWeights: Bool
  let licence: String?
  let retired: Bool
  let state: String
  let successor: String?
  /// `unknown`, `free` or `listed`.
  let price: String
  let rates: [Rate]
  let source: String
  let supplement: String?
  let note: String?

  init(_ model: ModelEntry, today: CalendarDate) {
    self.model = model.key.description
    provider = model.key.provider
    id = model.key.id
    name = model.name
    aliases = model.aliases
    takes = model.input.names
    gives = model.output.names
    can = model.capabilities.names
    context = model.limits.context
    prompt = model.limits.input
    answer = model.limits.output
    released = model.released?.text
    knowledge = model.knowledge?.text
    openWeights = model.hasOpenWeights
    licence = model.licence
    retired = model.lifecycle.isOver(on: today)
    state = model.lifecycle.text
    successor = model.lifecycle.successor
    switch model.price {
    case .unknown: price = "unknown"
    case .free: price = "free"
    case .listed: price = "listed"
    }
    rates =
      model.price.list == nil ? [] : model.price.lines.map { Rate(what: $0.what, price: $0.text) }
    source = model.provenance.source
    supplement = model.provenance.supplement
    note = model.provenance.note
  }
}
