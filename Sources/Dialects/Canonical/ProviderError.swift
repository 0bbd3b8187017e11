/// What a provider, or the gateway itself, has against a request.
package struct ProviderError: Error, Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case invalidRequest, authentication, permission, notFound, tooLarge, rateLimit
    case overloaded, server, timeout, contentFilter, contextLength, budget, cancelled
    /// The answer broke off, or was no answer.
    case upstream
  }

  package var kind: Kind
  package var message: String
  /// The HTTP status; nil within a stream.
  package var status: Int?
  /// The provider's own words for it.
  package var type: String?
  package var code: String?
  /// The field that is to blame.
  package var parameter: String?
  /// Seconds after which the provider wants to be asked again.
  package var retryAfter: Double?
  /// More to tell a client, as a JSON object.
  package var details: RawJSON?

  package init(_ kind: Kind, _ message: String, status: Int? = nil) {
    self.kind = kind
    self.message = message
    self.status = status
  }

  /// The status that a client is given.
  package var clientStatus: Int {
    if let status, (400...599).contains(status) { return status }
    return switch kind {
    case .invalidRequest, .contextLength, .contentFilter: 400
    case .authentication: 401
    case .budget: 402
    case .permission: 403
    case .notFound: 404
    case .tooLarge: 413
    case .rateLimit: 429
    case .cancelled: 499
    case .server: 500
    case .upstream: 502
    case .overloaded: 503
    case .timeout: 504
    }
  }

  /// Whether another attempt, there or elsewhere, may succeed.
  package var isTransient: Bool {
    switch kind {
    case .rateLimit, .overloaded, .server, .timeout, .upstream: true
    default: false
    }
  }
}
