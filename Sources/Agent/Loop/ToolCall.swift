import Dialects

/// A call of a tool as the model wrote it.
package struct ToolCall: Sendable, Equatable {
  /// The model's own name for it.
  package let id: String
  package let name: String
  /// What the model wrote; JSON if it kept to the rules.
  package let arguments: String

  package init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }
}

/// An answer of the model, as its step keeps it.
package struct ModelAnswer: Sendable, Equatable {
  /// The assistant's message, byte for byte: it is sent again in each later request.
  package let message: String
  /// What it says besides its calls.
  package let text: String
  package let calls: [ToolCall]
  package let promptTokens: Int
  package let answerTokens: Int
  /// The ledger's name for the call.
  package let call: String?
  /// Why it ended, in the provider's word.
  package let finish: String?

  /// Reads the body of a step's outcome; nil for what is no answer.
  package init?(outcome body: String) {
    guard let json = try? JSONDocument.object(Array(body.utf8), bounds: .answer),
      let message = json["message"], message.isObject
    else { return nil }
    self.message = message.raw.line
    text = message["content"]?.string ?? ""
    calls = (message["tool_calls"] ?? json).elements.compactMap { call in
      guard let function = call["function"], let name = function["name"]?.string else { return nil }
      return ToolCall(
        id: call["id"]?.string ?? "",
        name: name,
        arguments: function["arguments"]?.string ?? "{}"
      )
    }
    promptTokens = json["prompt_tokens"]?.int ?? 0
    answerTokens = json["answer_tokens"]?.int ?? 0
    call = json["call"]?.string
    finish = json["finish"]?.string
  }
}
