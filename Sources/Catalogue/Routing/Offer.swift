/// A model that can be called: at a configured provider, with what is known of it.
package struct Offer: Hashable, Sendable {
  /// What names an offer: the provider as the configuration calls it, and the model there.
  package typealias Key = ModelEntry.Key

  package var key: Key
  /// The catalogue's facts with the configuration's over them.
  package var model: ModelEntry
  /// Its share where requests are spread by weight.
  package var weight: Int
  /// Whether it is tried after all others, whatever the policy is.
  package var isLastResort = false

  package init(key: Key, model: ModelEntry, weight: Int = 1) {
    self.key = key
    self.model = model
    self.weight = weight
  }
}

/// How an offer fares, as somebody else observed it.
package struct OfferHealth: Hashable, Sendable {
  /// The circuit breaker keeps it out until then.
  package var restsUntil: Duration?
  /// Requests that are under way.
  package var inFlight: Int
  /// How many may be at once.
  package var limit: Int?

  package init(restsUntil: Duration? = nil, inFlight: Int = 0, limit: Int? = nil) {
    self.restsUntil = restsUntil
    self.inFlight = inFlight
    self.limit = limit
  }
}

/// Why an offer is not called.
package enum Exclusion: Hashable, Sendable, CustomStringConvertible {
  case retired(on: CalendarDate?, successor: String?)
  case takesNo(Modalities)
  case givesNo(Modalities)
  case cannot(Capabilities)
  case windowTooSmall(Int, needed: Int)
  case unknownPrice(PriceProblem)
  case aboveCap(what: String, price: String, cap: String)
  case resting(seconds: Int)
  case busy(inFlight: Int, limit: Int)
  case notAllowed

  package var description: String {
    switch self {
    case .retired(let day, let successor):
      "retired" + (day.map { " on \($0)" } ?? "") + (successor.map { ", \($0) follows it" } ?? "")
    case .takesNo(let kinds): "takes no \(kinds.names.joined(separator: ", "))"
    case .givesNo(let kinds): "gives no \(kinds.names.joined(separator: ", "))"
    case .cannot(let capabilities):
      "not known to do \(capabilities.names.joined(separator: ", "))"
    case .windowTooSmall(let window, let needed):
      "its window is \(window) tokens, and \(needed) are needed"
    case .unknownPrice(let problem): problem.description
    case .aboveCap(let what, let price, let cap): "\(what) costs \(price), above the cap of \(cap)"
    case .resting(let seconds): "it failed too often, and rests for \(seconds) s"
    case .busy(let inFlight, let limit): "\(inFlight) of \(limit) requests are under way"
    case .notAllowed: "this key may not call it"
    }
  }

  /// Whether waiting may help.
  package var passes: Bool {
    switch self {
    case .resting, .busy: true
    default: false
    }
  }

  /// The word for programs.
  package var word: String {
    switch self {
    case .retired: "retired"
    case .takesNo: "input_modality"
    case .givesNo: "output_modality"
    case .cannot: "capability"
    case .windowTooSmall: "context"
    case .unknownPrice: "unknown_price"
    case .aboveCap: "price_cap"
    case .resting: "resting"
    case .busy: "busy"
    case .notAllowed: "not_allowed"
    }
  }
}
