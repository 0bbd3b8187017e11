import Dialects
import Inference

/// A conversation as the tokens that a model goes on from.
struct Prompt {
  let tokens: [Int32]
  /// Whether the prompt opens the model's thoughts, so that the answer begins with them.
  let opensThoughts: Bool
  /// Whether the prompt says that there are none.
  let closesThoughts: Bool

  init(_ request: EngineRequest, for model: LoadedModel) throws(ProviderError) {
    if case .raw(let text) = request.kind {
      self.init(text: text, model, addSpecial: true)
      return
    }
    guard let template = model.template else {
      guard case .generate = request.kind else {
        throw ProviderError(
          .invalidRequest,
          "the model '\(model.name)' says nothing of how a conversation is written; ask it at "
            + "/api/generate with raw: true"
        )
      }
      let text = request.chat.messages.map(\.plainText).joined(separator: "\n")
      self.init(text: text, model, addSpecial: true)
      return
    }
    let text: String
    do {
      text = try template.render(try Self.variables(request.chat, model))
    } catch let error as ProviderError {
      throw error
    } catch {
      throw ProviderError(
        .invalidRequest,
        "the conversation cannot be written as the model '\(model.name)' was trained: \(error)"
      )
    }
    self.init(text: text, model, addSpecial: false)
  }

  private init(text: String, _ model: LoadedModel, addSpecial: Bool) {
    let tokenizer = model.tokenizer
    var tokens = tokenizer.encode(text, addSpecial: addSpecial, parseSpecial: true)
    // Templates begin with it or leave it to whoever reads them.
    if !addSpecial, tokenizer.addsBeginning, let beginning = tokenizer.beginning,
      tokens.first != beginning
    {
      tokens.insert(beginning, at: 0)
    }
    self.tokens = tokens
    var end = text[...]
    while end.last?.isWhitespace == true { end.removeLast() }
    opensThoughts = end.hasSuffix("<think>")
    closesThoughts = end.hasSuffix("</think>")
  }

  // MARK: What a template is told

  private static func variables(
    _ chat: ChatRequest,
    _ model: LoadedModel
  ) throws(ProviderError) -> TemplateDictionary {
    var messages: [TemplateValue] = []
    for message in chat.messages { messages += try values(message, model) }
    var names: [(String, TemplateValue)] = [
      ("messages", .list(messages)), ("add_generation_prompt", .flag(true)),
      ("bos_token", .text(special(model.tokenizer.beginning, model))),
      ("eos_token", .text(special(model.tokenizer.end, model))),
    ]
    if !chat.tools.isEmpty, chat.toolChoice != ToolChoice.none {
      names.append(
        (
          "tools",
          .list(
            try chat.tools.map { tool throws(ProviderError) in
              try value(tool)
            }
          )
        )
      )
    }
    if let reasoning = chat.reasoning {
      names.append(("enable_thinking", .flag(reasoning.amount != .off)))
      if let effort = reasoning.effort { names.append(("reasoning_effort", .text(effort))) }
    }
    var dictionary = TemplateDictionary()
    for (name, value) in names { dictionary.set(.text(name), name: name, value) }
    return dictionary
  }

  private static func special(_ token: Int32?, _ model: LoadedModel) -> String {
    token.map { String(decoding: model.tokenizer.bytes(of: $0), as: UTF8.self) } ?? ""
  }

  /// One message; of results of tools, one each.
  private static func values(
    _ message: Message,
    _ model: LoadedModel
  ) throws(ProviderError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    var texts: [String] = []
    var thoughts: [String] = []
    var calls: [TemplateValue] = []
    for part in message.parts {
      switch part.kind {
      case .text(let text), .refusal(let text): texts.append(text)
      case .thinking(let thinking): thoughts.append(thinking.text)
      case .toolCall(let call): calls.append(value(call))
      case .toolResult(let result):
        let text = result.parts.compactMap { part in
          if case .text(let text) = part.kind { text } else { nil }
        }.joined(separator: "\n")
        values.append(
          .dictionary([
            ("role", .text("tool")), ("content", .text(text)),
            ("name", .text(result.name ?? "")), ("tool_call_id", .text(result.id)),
          ])
        )
      case .image, .audio, .file, .opaque:
        throw ProviderError(
          .invalidRequest,
          "\(message.path) holds what is no text, and the model '\(model.name)' reads nothing else"
        )
      }
    }
    if !values.isEmpty, texts.isEmpty, calls.isEmpty { return values }
    let role = message.role == .developer ? Message.Role.system : message.role
    var entries: [(String, TemplateValue)] = [
      ("role", .text(role.rawValue)), ("content", .text(texts.joined(separator: "\n"))),
    ]
    if !thoughts.isEmpty {
      entries.append(("reasoning_content", .text(thoughts.joined(separator: "\n"))))
    }
    if !calls.isEmpty { entries.append(("tool_calls", .list(calls))) }
    values.append(.dictionary(entries))
    return values
  }

  private static func value(_ call: ToolCall) -> TemplateValue {
    let arguments = (try? RawJSON(parsing: call.arguments))?.json.map { value($0) }
    return .dictionary([
      ("type", .text("function")), ("id", .text(call.id)),
      (
        "function",
        .dictionary([
          ("name", .text(call.name)), ("arguments", arguments ?? .text(call.arguments)),
        ])
      ),
    ])
  }

  private static func value(_ tool: Tool) throws(ProviderError) -> TemplateValue {
    guard case .function(let function) = tool else {
      throw ProviderError(.invalidRequest, "only functions can be called here")
    }
    var entries: [(String, TemplateValue)] = [("name", .text(function.name))]
    if let text = function.description { entries.append(("description", .text(text))) }
    entries.append(("parameters", function.schema?.json.map { value($0) } ?? .dictionary([])))
    return .dictionary([("type", .text("function")), ("function", .dictionary(entries))])
  }

  /// As deep as a request may be, which was bounded when it was read.
  private static func value(_ json: JSON) -> TemplateValue {
    switch json.kind {
    case .object:
      return .dictionary(json.members.map { ($0.key.string ?? "", value($0.value)) })
    case .array: return .list(json.elements.map { value($0) })
    case .string: return .text(json.string ?? "")
    case .number:
      if let int = json.number.flatMap({ Int($0.text) }) { return .integer(int) }
      return .real(json.number?.double ?? 0)
    case .boolean: return .flag(json.bool ?? false)
    case .null: return .none
    }
  }
}
