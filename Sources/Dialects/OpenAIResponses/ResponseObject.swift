/// The response as a whole, which events repeat: what was asked for stands in it again.
struct ResponseObject: Hashable, Sendable {
  enum Status: Hashable, Sendable {
    case running
    case ended(StopReason?)
    case failed(ProviderError)
  }

  let id: String
  let model: String
  let created: Int
  let context: AnswerContext

  func encode(
    _ status: Status,
    _ items: [OutputItem],
    _ usage: TokenUsage?,
    _ json: inout JSONWriter
  ) {
    let request = context.request
    json.object { json in
      json.string("id", id)
      json.string("object", "response")
      json.int("created_at", created)
      json.string("status", Self.name(status))
      json.bool("background", false)
      encodeOutcome(status, &json)
      json.string("instructions", orNull: instructions)
      if let tokens = request?.maxTokens {
        json.int("max_output_tokens", tokens)
      } else {
        json.null("max_output_tokens")
      }
      json.string("model", model)
      json.array("output") { array in for item in items { item.encode(&array) } }
      json.bool("parallel_tool_calls", request?.allowsParallelCalls ?? true)
      json.null("previous_response_id")
      json.object("reasoning") {
        $0.string("effort", orNull: request?.reasoning?.effort)
        $0.null("summary")
      }
      json.bool("store", false)
      json.key("temperature")
      json.number(request?.sampling.temperature ?? JSONNumber(1))
      encodeFormat(&json)
      encodeTools(&json)
      json.key("top_p")
      json.number(request?.sampling.topP ?? JSONNumber(1))
      json.string("truncation", "disabled")
      if let usage { OpenAIResponses.encode(usage, &json) } else { json.null("usage") }
      json.string("user", orNull: request?.user)
      json.raw("metadata", request?.metadata ?? RawJSON.emptyObject)
    }
  }

  private static func name(_ status: Status) -> String {
    switch status {
    case .running: "in_progress"
    case .failed: "failed"
    case .ended(.maxTokens), .ended(.contextFull), .ended(.contentFilter): "incomplete"
    case .ended: "completed"
    }
  }

  private func encodeOutcome(_ status: Status, _ json: inout JSONWriter) {
    if case .failed(let error) = status {
      json.object("error") {
        $0.string("code", error.kind == .rateLimit ? "rate_limit_exceeded" : "server_error")
        $0.string("message", error.message)
      }
    } else {
      json.null("error")
    }
    switch status {
    case .ended(.maxTokens), .ended(.contextFull):
      json.object("incomplete_details") { $0.string("reason", "max_output_tokens") }
    case .ended(.contentFilter):
      json.object("incomplete_details") { $0.string("reason", "content_filter") }
    default: json.null("incomplete_details")
    }
  }

  private var instructions: String? {
    guard let request = context.request, request.hasInstructions,
      case .text(let text) = request.messages.first?.parts.first?.kind
    else { return nil }
    return text
  }

  private func encodeFormat(_ json: inout JSONWriter) {
    json.object("text") {
      $0.object("format") { json in
        switch context.request?.format {
        case nil, .text: json.string("type", "text")
        case .jsonObject: json.string("type", "json_object")
        case .jsonSchema(let schema):
          json.string("type", "json_schema")
          json.string("name", schema.name ?? "answer")
          json.string("description", orNull: schema.description)
          json.raw("schema", schema.schema ?? RawJSON.emptyObject)
          json.bool("strict", schema.isStrict ?? false)
        }
      }
    }
  }

  private func encodeTools(_ json: inout JSONWriter) {
    switch context.request?.toolChoice {
    case nil, .automatic: json.string("tool_choice", "auto")
    case ToolChoice.none?: json.string("tool_choice", "none")
    case .required: json.string("tool_choice", "required")
    case .function(let name):
      json.object("tool_choice") {
        $0.string("type", "function")
        $0.string("name", name)
      }
    case .opaque(let raw, let origin):
      if origin == .openAIResponses {
        json.raw("tool_choice", raw)
      } else {
        json.string("tool_choice", "auto")
      }
    }
    json.array("tools") { array in
      for tool in context.request?.tools ?? [] {
        switch tool {
        case .provider(_, let raw, .openAIResponses): array.raw(raw)
        case .provider: break
        case .function(let function):
          array.object {
            $0.string("type", "function")
            $0.string("name", function.name)
            $0.string("description", orNull: function.description)
            $0.raw("parameters", function.schema ?? Anthropic.emptySchema)
            $0.bool("strict", function.isStrict ?? true)
          }
        }
      }
    }
  }
}
