/// Dialects: the wire formats of language-model APIs and the translation between them.
///
/// Bytes in, bytes out. It knows no network, no prices, no routes and no files; it never traps,
/// whatever it is given, and where it cannot carry something across it says so (`Loss`).

/// The format of one kind of request and of its answer.
package enum Dialect: String, Hashable, Sendable, CaseIterable {
  case openAIChat = "openai-chat"
  case openAIResponses = "openai-responses"
  case openAICompletions = "openai-completions"
  case openAIEmbeddings = "openai-embeddings"
  case anthropic
  case ollamaChat = "ollama-chat"
  case ollamaGenerate = "ollama-generate"
  case ollamaEmbed = "ollama-embed"
  case gemini
  case geminiEmbed = "gemini-embed"

  /// Whose API it is: errors have one shape a family.
  package enum Family: Hashable, Sendable {
    case openAI, anthropic, ollama, gemini
  }

  package var family: Family {
    switch self {
    case .openAIChat, .openAIResponses, .openAICompletions, .openAIEmbeddings: .openAI
    case .anthropic: .anthropic
    case .ollamaChat, .ollamaGenerate, .ollamaEmbed: .ollama
    case .gemini, .geminiEmbed: .gemini
    }
  }

  package var isEmbedding: Bool {
    switch self {
    case .openAIEmbeddings, .ollamaEmbed, .geminiEmbed: true
    default: false
    }
  }

  /// How answers that come piece by piece are framed.
  package enum Framing: Hashable, Sendable {
    case serverSentEvents, lines
  }

  package var framing: Framing { family == .ollama ? .lines : .serverSentEvents }

  /// The content type of an answer that comes piece by piece.
  package var streamContentType: String {
    framing == .lines ? "application/x-ndjson" : "text/event-stream; charset=utf-8"
  }
}
