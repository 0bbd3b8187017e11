/// Errors as the clients of each dialect know them.
package enum ErrorShape {
  /// The body of an answer that is an error.
  ///
  /// - Parameter requestID: What Anthropic's clients print as `request_id`.
  package static func body(
    _ error: ProviderError,
    of family: Dialect.Family,
    requestID: String? = nil
  ) -> [UInt8] {
    var writer = JSONWriter()
    switch family {
    case .openAI:
      writer.object { $0.object("error") { openAI(error, &$0) } }
    case .anthropic:
      writer.object {
        $0.string("type", "error")
        $0.object("error") {
          $0.string("type", anthropicType(error))
          $0.string("message", error.message)
          $0.raw("details", ifAny: error.details)
        }
        $0.string("request_id", ifAny: requestID)
      }
    case .ollama:
      writer.object {
        $0.string("error", error.message)
        $0.raw("details", ifAny: error.details)
      }
    case .gemini:
      writer.object {
        $0.object("error") {
          $0.int("code", error.clientStatus)
          $0.string("message", error.message)
          $0.string("status", geminiStatus(error.kind))
        }
      }
    }
    return writer.bytes
  }

  /// An error in the middle of a stream.
  ///
  /// - Parameter sequence: The number of the event, which the Responses API counts.
  package static func frame(
    _ error: ProviderError,
    of dialect: Dialect,
    sequence: Int = 0
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    switch dialect {
    case .openAIResponses:
      var writer = JSONWriter()
      writer.object {
        $0.string("type", "error")
        $0.string("code", openAICode(error) ?? openAIType(error))
        $0.string("message", error.message)
        $0.string("param", orNull: error.parameter)
        $0.int("sequence_number", sequence)
      }
      bytes.appendEvent("error", writer.bytes)
    case .anthropic:
      bytes.appendEvent("error", body(error, of: .anthropic))
    case .ollamaChat, .ollamaGenerate, .ollamaEmbed:
      bytes = body(error, of: .ollama) + [UInt8(ascii: "\n")]
    default:
      bytes.appendEvent(nil, body(error, of: dialect.family))
    }
    return bytes
  }

  static func openAI(_ error: ProviderError, _ json: inout JSONWriter) {
    json.string("message", error.message)
    json.string("type", openAIType(error))
    json.string("param", orNull: error.parameter)
    json.string("code", orNull: openAICode(error))
    json.raw("details", ifAny: error.details)
  }

  static func openAIType(_ error: ProviderError) -> String {
    switch error.kind {
    case .invalidRequest, .notFound, .tooLarge, .contextLength, .contentFilter:
      "invalid_request_error"
    case .authentication: "authentication_error"
    case .permission: "permission_error"
    case .rateLimit: "rate_limit_error"
    case .budget: "insufficient_quota"
    case .overloaded, .server, .timeout, .upstream, .cancelled: "server_error"
    }
  }

  static func openAICode(_ error: ProviderError) -> String? {
    if let code = error.code { return code }
    return switch error.kind {
    case .authentication: "invalid_api_key"
    case .notFound: "model_not_found"
    case .rateLimit: "rate_limit_exceeded"
    case .contextLength: "context_length_exceeded"
    case .contentFilter: "content_filter"
    case .budget: "insufficient_quota"
    case .tooLarge: "request_too_large"
    case .overloaded: "server_overloaded"
    case .timeout: "timeout"
    case .upstream: "upstream_error"
    case .server: "server_error"
    case .invalidRequest, .permission, .cancelled: nil
    }
  }

  static func anthropicType(_ error: ProviderError) -> String {
    switch error.kind {
    case .invalidRequest, .contextLength, .contentFilter: "invalid_request_error"
    case .authentication: "authentication_error"
    case .permission: "permission_error"
    case .notFound: "not_found_error"
    case .tooLarge: "request_too_large"
    case .rateLimit: "rate_limit_error"
    case .overloaded: "overloaded_error"
    case .timeout: "timeout_error"
    case .budget: "billing_error"
    case .server, .upstream, .cancelled: "api_error"
    }
  }

  private static func geminiStatus(_ kind: ProviderError.Kind) -> String {
    switch kind {
    case .invalidRequest, .tooLarge, .contextLength, .contentFilter: "INVALID_ARGUMENT"
    case .authentication: "UNAUTHENTICATED"
    case .permission: "PERMISSION_DENIED"
    case .notFound: "NOT_FOUND"
    case .rateLimit, .budget: "RESOURCE_EXHAUSTED"
    case .overloaded: "UNAVAILABLE"
    case .timeout: "DEADLINE_EXCEEDED"
    case .cancelled: "CANCELLED"
    case .server, .upstream: "INTERNAL"
    }
  }
}

extension ProviderError {
  /// The stream ended before its dialect's own end: never a success.
  package static let truncated = ProviderError(
    .upstream,
    "the answer broke off before its end"
  )
  static let tooLong = ProviderError(.upstream, "a frame of the stream is too long")

  /// The refusal of a request.
  package init(_ error: RequestError) {
    self.init(.invalidRequest, error.description, status: 400)
    if case .malformed(let json) = error, json.reason == .tooLong {
      kind = .tooLarge
      status = 413
    }
    parameter = error.path
    if case .notCarried = error { code = "unsupported_by_model" }
  }
}
