import Catalogue
import Dialects
import NIOHTTP1

/// How one provider is reached: its address, and the headers that its calls bear, the key among them.
struct ProviderAccess {
  let settings: ProviderSettings
  /// Without the slash at its end.
  private let base: String
  private let fields: HTTPHeaders
  private let key: String?

  /// Anthropic's interface has no other version.
  private static let anthropicVersion = "2023-06-01"

  init(_ settings: ProviderSettings, key: String?) {
    self.settings = settings
    self.key = key
    base = settings.base.text
    var fields = HTTPHeaders([("content-type", "application/json")])
    switch (settings.dialect, key) {
    case (.anthropic, _):
      if let key { fields.add(name: "x-api-key", value: key) }
    case (.gemini, let key?): fields.add(name: "x-goog-api-key", value: key)
    case (_, let key?): fields.add(name: "authorization", value: "Bearer \(key)")
    case (_, nil): break
    }
    for (name, value) in settings.headers.sorted(by: { $0.key < $1.key }) {
      fields.replaceOrAdd(name: name, value: value)
    }
    fields.add(name: "user-agent", value: "caisson")
    self.fields = fields
  }

  /// An error as it may be told: without the key, which some providers repeat.
  func withoutKey(_ error: ProviderError) -> ProviderError {
    guard let key, key.utf8.count >= 4 else { return error }
    func clean(_ text: String) -> String {
      text.utf8.count < key.utf8.count ? text : text.replacing(key, with: "[the gateway's key]")
    }
    var error = error
    error.message = clean(error.message)
    error.type = error.type.map(clean)
    error.code = error.code.map(clean)
    error.parameter = error.parameter.map(clean)
    return error
  }

  func address(_ path: String) -> String { base + path }

  /// - Parameters:
  ///   - client: the client's own headers, of which those of its dialect go on if it is the same.
  ///   - call: what the provider may name in its logs, and we in a question about a bill.
  func headers(for plan: UpstreamPlan, client: HTTPHeaders, call: String) -> HTTPHeaders {
    var headers = fields
    headers.add(name: "x-client-request-id", value: call)
    guard plan.dialect == .anthropic else { return headers }
    let version = plan.isTranslated ? nil : client.first(name: "anthropic-version")
    headers.add(name: "anthropic-version", value: version ?? Self.anthropicVersion)
    if !plan.isTranslated {
      for value in client[canonicalForm: "anthropic-beta"] {
        headers.add(name: "anthropic-beta", value: String(value))
      }
    }
    return headers
  }
}
