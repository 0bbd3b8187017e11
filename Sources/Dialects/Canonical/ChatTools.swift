package enum Tool: Hashable, Sendable {
  case function(FunctionTool)
  /// A tool that the provider runs or defines, whole.
  case provider(type: String, RawJSON, Dialect)
}

extension ChatRequest {
  /// The tools that an upstream knows, each with its place among all; those that another provider
  /// runs or defines are named as lost.
  func tools(for upstream: Dialect?, _ list: inout LossList) -> [(index: Int, tool: Tool)] {
    var known: [(index: Int, tool: Tool)] = []
    for (index, tool) in tools.enumerated() {
      if case .provider(let type, _, let origin) = tool, origin != upstream {
        list.add("tools[\(index)]", "\(Loss.quoted(type)) is a tool of another provider")
      } else {
        known.append((index, tool))
      }
    }
    return known
  }

  /// The tools that an upstream knows which has none of its own.
  func functions(_ list: inout LossList) -> [FunctionTool] {
    tools(for: nil, &list).compactMap { _, tool in
      if case .function(let function) = tool { function } else { nil }
    }
  }
}

package struct FunctionTool: Hashable, Sendable {
  package var name: String
  package var description: String?
  /// A JSON schema of an object.
  package var schema: RawJSON?
  package var isStrict: Bool?
  package var cache: CacheMark?
  package var rest = Rest()
  /// What stands beside the function in OpenAI's chat.
  package var outerRest = Rest()

  package init(name: String) {
    self.name = name
  }
}

package enum ToolChoice: Hashable, Sendable {
  case automatic
  case none
  /// Some tool, whichever.
  case required
  case function(String)
  case opaque(RawJSON, Dialect)
}

package enum AnswerFormat: Hashable, Sendable {
  case text
  case jsonObject
  case jsonSchema(JSONSchema)
}

package struct JSONSchema: Hashable, Sendable {
  package var name: String?
  package var description: String?
  package var schema: RawJSON?
  package var isStrict: Bool?

  package init(name: String? = nil, schema: RawJSON?) {
    self.name = name
    self.schema = schema
  }
}

package struct Sampling: Hashable, Sendable {
  package var temperature: JSONNumber?
  package var topP: JSONNumber?
  package var topK: JSONNumber?
  package var stop: [String] = []
  package var seed: JSONNumber?
  package var presencePenalty: JSONNumber?
  package var frequencyPenalty: JSONNumber?
  package var logprobs: Bool?
  package var topLogprobs: Int?
  /// How many answers; nil and 1 are the same.
  package var choices: Int?

  package init() {}
}

/// How long a model is to think.
package struct Reasoning: Hashable, Sendable {
  package enum Amount: Hashable, Sendable {
    case off
    /// As much as the model finds right.
    case adaptive
    case effort(String)
    case budget(Int)
  }

  package var amount: Amount
  /// Whether the thoughts, or a summary of them, are to be shown.
  package var isShown: Bool?
  package var rest = Rest()

  package init(_ amount: Amount) {
    self.amount = amount
  }

  /// The effort that is meant, in OpenAI's words.
  package var effort: String? {
    switch amount {
    case .off: "none"
    case .adaptive: nil
    case .effort(let effort): effort
    case .budget(let tokens) where tokens <= 2048: "low"
    case .budget(let tokens) where tokens <= 8192: "medium"
    case .budget: "high"
    }
  }

  /// The tokens that are meant, at least the 1,024 that Anthropic asks for.
  package var budget: Int? {
    switch amount {
    case .off: 0
    case .adaptive: nil
    case .budget(let tokens): tokens
    case .effort("none"): 0
    case .effort("minimal"): 1024
    case .effort("low"): 2048
    case .effort("medium"): 8192
    case .effort("high"): 16384
    case .effort: 32768
    }
  }
}
