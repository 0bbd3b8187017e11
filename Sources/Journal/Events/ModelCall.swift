/// A model was called and the call has its price: what was used, and what is charged for it.
package struct ModelCall: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable {
    case settled
    /// Nobody knows whether it was billed; charged at its ceiling.
    case unknown
  }

  package var account: String?
  package var attempt: Int64
  /// How the amount was found, as in `usage`, `counted` or `ceiling`.
  package var basis: String
  /// The provider billed more than had been reserved.
  package var beyond: Bool?
  package var call: Int64
  /// Pico-dollars.
  package var ceiling: Int64
  /// Pico-dollars.
  package var charged: Int64
  /// The public beginning of the virtual key.
  package var key: String?
  package var model: String
  package var outcome: String
  package var provider: String
  package var state: State
  package var used: CallUsage

  package init(
    call: Int64,
    attempt: Int64 = 1,
    state: State = .settled,
    key: String? = nil,
    account: String? = nil,
    model: String,
    provider: String,
    used: CallUsage = CallUsage(),
    ceiling: Int64,
    charged: Int64,
    basis: String,
    beyond: Bool? = nil,
    outcome: String
  ) {
    self.account = account
    self.attempt = attempt
    self.basis = basis
    self.beyond = beyond
    self.call = call
    self.ceiling = ceiling
    self.charged = charged
    self.key = key
    self.model = model
    self.outcome = outcome
    self.provider = provider
    self.state = state
    self.used = used
  }

  /// What `JSONEncoder` gives with its keys in order, in a sixth of the time.
  var encoded: String {
    var json = JSONLine()
    json.beginObject()
    if let account { json.field("account", account) }
    json.field("attempt", attempt)
    json.field("basis", basis)
    if let beyond { json.field("beyond", beyond) }
    json.field("call", call)
    json.field("ceiling", ceiling)
    json.field("charged", charged)
    if let key { json.field("key", key) }
    json.field("model", model)
    json.field("outcome", outcome)
    json.field("provider", provider)
    json.field("state", state.rawValue)
    json.key("used")
    used.write(to: &json)
    json.endObject()
    return json.text
  }
}
