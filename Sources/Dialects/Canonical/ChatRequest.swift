/// A request for text, in the form that every dialect can be read into and written from.
package struct ChatRequest: Hashable, Sendable {
  package var model: String
  /// The dialect in which it came.
  package var origin: Dialect?
  package var messages: [Message] = []
  /// Whether the first message stood outside of the conversation, in the Responses API.
  package var hasInstructions = false
  package var tools: [Tool] = []
  package var toolChoice: ToolChoice?
  package var allowsParallelCalls: Bool?
  package var format: AnswerFormat?
  package var sampling = Sampling()
  package var maxTokens: Int?
  package var reasoning: Reasoning?
  /// How many words OpenAI's models are to make.
  package var verbosity: String?
  /// Who asks, as the client calls them.
  package var user: String?
  package var metadata: RawJSON?
  package var isStream = false
  /// Whether the client wants a stream to end with its usage.
  package var wantsUsage = false
  /// Options of Ollama's engine that have no counterpart, such as `num_ctx`.
  package var engineOptions = Rest()
  /// Fields that only the dialect of the request knows.
  package var rest = Rest()

  package init(model: String, origin: Dialect? = nil) {
    self.model = model
    self.origin = origin
  }
}

/// Fields of one dialect that have no place in the common form, as they were written.
package struct Rest: Hashable, Sendable {
  package struct Field: Hashable, Sendable {
    package let key: String
    package let value: RawJSON
  }

  /// The dialect that the fields belong to; nil where there are none.
  package private(set) var dialect: Dialect?
  package private(set) var fields: [Field] = []

  package init() {}

  /// What an object has beside these keys. Nulls say nothing and are not kept.
  init(_ object: JSON, of dialect: Dialect, besides known: [StaticString]) {
    for (key, value) in object.members where !value.isNull {
      if known.contains(where: { key.equals($0) }) { continue }
      fields.append(Field(key: key.string ?? "", value: value.raw))
    }
    if !fields.isEmpty { self.dialect = dialect }
  }

  package var isEmpty: Bool { fields.isEmpty }

  package subscript(_ key: String) -> RawJSON? {
    fields.first { $0.key == key }?.value
  }
}

package struct Message: Hashable, Sendable {
  package enum Role: String, Hashable, Sendable {
    case system, developer, user, assistant, tool
  }

  package var role: Role
  package var parts: [Part]
  package var name: String?
  /// Where the client wrote it, such as `messages[2]`.
  package var path: String
  package var rest = Rest()

  package init(_ role: Role, _ parts: [Part] = [], at path: String) {
    self.role = role
    self.parts = parts
    self.path = path
  }
}

/// One piece of what a person, a model or a tool says.
package struct Part: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case text(String)
    case refusal(String)
    case image(Media, detail: String?)
    case audio(Media)
    case file(Media, name: String?)
    case toolCall(ToolCall)
    case toolResult(ToolResult)
    case thinking(Thinking)
    /// Something that only its own dialect knows, whole.
    case opaque(type: String, RawJSON, Dialect)
  }

  package var kind: Kind
  package var cache: CacheMark?
  package var rest = Rest()

  package init(_ kind: Kind) {
    self.kind = kind
  }

  package static func text(_ text: String) -> Part { Part(.text(text)) }
}

/// Where a picture, a sound or a document is.
package struct Media: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    case base64(String)
    case address(String)
    /// A name that only the provider can resolve.
    case stored(id: String)
    case plainText(String)
  }

  package var source: Source
  /// Such as `image/png`; for audio the name of the format where the dialect has no more.
  package var type: String?

  package init(_ source: Source, type: String? = nil) {
    self.source = source
    self.type = type
  }
}

package struct ToolCall: Hashable, Sendable {
  package var id: String
  package var name: String
  /// The text of a JSON object, as the model wrote it; of a custom tool, any text.
  package var arguments: String
  package var isCustom = false
  /// What Gemini wants back with the call.
  package var signature: String?

  package init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

package struct ToolResult: Hashable, Sendable {
  package var id: String
  /// The name of the tool, where the dialect gives it.
  package var name: String?
  package var parts: [Part]
  package var isError = false
  package var isCustom = false

  package init(id: String, parts: [Part]) {
    self.id = id
    self.parts = parts
  }
}

/// What a model thought before it answered.
package struct Thinking: Hashable, Sendable {
  package var text: String
  /// Proves to the provider that the text is its own; worth nothing elsewhere.
  package var signature: String?
  /// Thoughts that only the provider can read.
  package var encrypted: String?
  /// The name of an item of the Responses API.
  package var id: String?
  /// Whose signature or cipher it is.
  package var dialect: Dialect?

  package init(_ text: String) {
    self.text = text
  }

  /// Whether there is something that only one provider can read.
  package var isBound: Bool { signature != nil || encrypted != nil }
}

/// A mark that what precedes may be kept by the provider for later requests.
package struct CacheMark: Hashable, Sendable {
  /// As it is written, `{"type":"ephemeral","ttl":"1h"}`.
  package var raw: RawJSON
}
