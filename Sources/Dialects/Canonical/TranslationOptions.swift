/// How a request is to be written for one upstream.
package struct TranslationOptions: Hashable, Sendable {
  /// The upstream's name of the model; nil keeps the client's.
  package var model: String?
  package var losses = LossPolicy.refuse
  /// Written where the dialect demands a bound and the client gave none.
  package var defaultMaxTokens = 4096
  /// Whether an OpenAI-compatible upstream wants `max_completion_tokens`, as OpenAI's own does.
  package var usesMaxCompletionTokens = false
  /// Whether an OpenAI-compatible upstream knows `stream_options`; without it some give no usage.
  package var asksForUsage = true
  /// Whether an OpenAI-compatible upstream takes earlier thoughts as `reasoning_content`.
  package var sendsReasoning = false
  /// Whether an Anthropic model takes thinking without a budget, steered by an effort.
  package var usesAdaptiveThinking = false
  /// Whether an Anthropic model takes temperature, top_p and top_k. Opus 4.7 and later ones, and the
  /// API's version 2026-10-21 for all, refuse them at any value.
  package var takesSampling = true
  /// Whether a Gemini model is given the documented filler where a call lacks its signature.
  package var fillsSignatures = false

  package init(model: String? = nil, losses: LossPolicy = .refuse) {
    self.model = model
    self.losses = losses
  }

  /// Fields of any dialect without which the answer is the same.
  static let hints: Set<String> = [
    "store", "service_tier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
    "safety_identifier", "verbosity", "prediction", "moderation", "keep_alive", "include",
    "summary", "display", "inference_geo", "eager_input_streaming", "input_examples",
    "defer_loading", "allowed_callers", "cache_control", "background", "truncation",
    "speed", "diagnostics", "status", "id", "citations", "annotations",
    "logprobs", "generate_summary", "context_management",
    "client_metadata", "user_profile_id", "workspace_id", "anthropic_version", "max_tool_calls",
    "stream_options",
  ]
}

extension Loss {
  static let cacheReason = "has no counterpart; the provider caches by itself or not at all"

  static func quoted(_ text: String) -> String {
    "'\(String(text.unicodeScalars.prefix(40).filter { $0.value > 0x1F && $0.value < 0x7F }))'"
  }

  static func unknown(_ type: String) -> String { "\(quoted(type)) has no counterpart" }
}

/// Names of audio formats: OpenAI names the format, the others a media type.
enum AudioFormat {
  static func name(_ type: String?) -> String {
    switch type {
    case nil: "wav"
    case "audio/mpeg", "audio/mp3": "mp3"
    case "audio/wav", "audio/x-wav", "audio/wave": "wav"
    case .some(let type):
      type.hasPrefix("audio/") ? String(type.dropFirst(6)) : type
    }
  }

  static func mediaType(_ name: String?) -> String {
    switch name {
    case nil: "audio/wav"
    case "mp3": "audio/mpeg"
    case .some(let name): name.contains("/") ? name : "audio/\(name)"
    }
  }
}
