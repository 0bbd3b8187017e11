/// Reads what an upstream says went wrong, in whichever shape.
package enum ErrorReader {
  /// - Parameters:
  ///   - retryAfter: The header of that name, or `retry-after-ms`'s thousandth.
  package static func read(
    status: Int,
    body: [UInt8],
    of family: Dialect.Family,
    retryAfter: Double? = nil
  ) -> ProviderError {
    var result: ProviderError
    if let root = try? JSONDocument(body, bounds: .answer).root {
      // Gemini's streams of JSON begin with a list.
      let first = root.isArray ? root.elements.first { _ in true } : root
      result = read(first?.present("error") ?? first ?? root, of: family)
      if result.message.isEmpty {
        let detail = first?["message"]?["detail"] ?? first?["detail"]
        let item = detail?.elements.first { _ in true }
        let message = first?["message"]?.string ?? detail?.string ?? item?["msg"]?.string
        result.message = bounded(message ?? "")
      }
    } else {
      // A proxy's page says nothing that a client could use.
      result = ProviderError(.upstream, "")
    }
    result.status = status
    result.kind = kind(status: status, result)
    if result.message.isEmpty { result.message = "the provider answered with status \(status)" }
    if let retryAfter, retryAfter >= 0, retryAfter < 1e6 { result.retryAfter = retryAfter }
    return result
  }

  /// Reads the value of an `error` key: an object, or Ollama's string.
  static func read(_ error: JSON, of family: Dialect.Family) -> ProviderError {
    if let message = error.string { return ProviderError(.server, bounded(message)) }
    let message = error["message"]?.string ?? ""
    var result = ProviderError(.server, bounded(message))
    result.type = error["type"]?.string ?? error["status"]?.string
    result.code = error["code"]?.string
    result.status = error["code"]?.int ?? error["http_status"]?.int
    result.parameter = error["param"]?.string
    result.kind = kind(status: result.status, result)
    for detail in error["details"]?.elements ?? JSONElements.none {
      guard let delay = detail["retryDelay"]?.string, delay.hasSuffix("s"),
        let seconds = Double(delay.dropLast()), seconds >= 0, seconds < 1e6
      else { continue }
      result.retryAfter = seconds
    }
    return result
  }

  /// Messages of upstreams go to clients and logs: they are cut to a length that serves both, in
  /// bytes, since one character can have any number of them.
  private static func bounded(_ message: String) -> String {
    message.utf8.count <= 4096
      ? message : String(decoding: message.utf8.prefix(1024), as: UTF8.self) + "…"
  }

  private static func kind(status: Int?, _ error: ProviderError) -> ProviderError.Kind {
    if let kind = named(error.code) ?? named(error.type) {
      // OpenAI and Anthropic say only "invalid request" where the message says more.
      if kind == .invalidRequest { return status == 413 ? .tooLarge : detailed(error, kind) }
      return kind
    }
    return switch status {
    case 400, 422: detailed(error, .invalidRequest)
    case 401: .authentication
    case 402: .budget
    case 403: .permission
    case 404: .notFound
    case 408, 504: .timeout
    case 413: .tooLarge
    case 429: .rateLimit
    case 500: .server
    case 502: .upstream
    case 503, 529: .overloaded
    case .some(let status) where (400..<500).contains(status): .invalidRequest
    default: .server
    }
  }

  private static func detailed(
    _ error: ProviderError,
    _ kind: ProviderError.Kind
  ) -> ProviderError.Kind {
    let message = error.message.lowercased()
    let isTooLong = [
      "context length", "context window", "context_length", "prompt is too long",
      "maximum context", "exceeds the maximum number of tokens", "input token count",
    ]
    if isTooLong.contains(where: message.contains) { return .contextLength }
    if message.contains("credit balance is too low") { return .budget }
    return kind
  }

  private static func named(_ name: String?) -> ProviderError.Kind? {
    switch name {
    case "invalid_request_error", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "invalid_request":
      .invalidRequest
    case "context_length_exceeded", "string_above_max_length": .contextLength
    case "authentication_error", "invalid_api_key", "UNAUTHENTICATED": .authentication
    case "permission_error", "PERMISSION_DENIED", "permission_denied": .permission
    case "not_found_error", "model_not_found", "NOT_FOUND", "not_found": .notFound
    case "request_too_large": .tooLarge
    case "rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED", "requests", "tokens":
      .rateLimit
    case "insufficient_quota", "billing_error", "billing_hard_limit_reached": .budget
    case "overloaded_error", "UNAVAILABLE", "server_overloaded", "overloaded": .overloaded
    case "timeout_error", "DEADLINE_EXCEEDED", "timeout": .timeout
    case "content_filter", "content_policy_violation", "moderation_blocked": .contentFilter
    case "CANCELLED": .cancelled
    case "api_error", "server_error", "internal_error", "INTERNAL", "internal_server_error": .server
    default: nil
    }
  }
}
