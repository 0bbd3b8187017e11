import Dialects
import Inference

/// What holds an answer to a schema, or the calls in it to those of the tools.
struct Constraint {
  /// Nil where anything may be written.
  let tokens: TokenConstraint?

  init(_ request: EngineRequest, _ prompt: Prompt, _ model: LoadedModel) throws(ProviderError) {
    if case .raw = request.kind, request.chat.format == nil {
      tokens = nil
      return
    }
    do {
      let grammar = try Self.grammar(request, prompt, model)
      tokens = grammar.map { grammar in
        GrammarConstraint(GrammarMasks(grammar: grammar, vocabulary: model.grammarVocabulary()))
          .tokenConstraint
      }
    } catch {
      throw ProviderError(.invalidRequest, "\(error)")
    }
  }

  private static func grammar(
    _ request: EngineRequest,
    _ prompt: Prompt,
    _ model: LoadedModel
  ) throws -> Grammar? {
    // A model that thinks says first what it thinks, and is held to nothing there.
    let thoughts = model.facts.thinks && !prompt.closesThoughts ? "</think>" : nil
    switch request.chat.format {
    case .jsonSchema(let schema):
      let text = schema.schema.map { Array($0.bytes) } ?? Array("{}".utf8)
      return try grammar(of: try JSONReader.read(text), after: thoughts)
    case .jsonObject:
      let object = JSONMember(name: "type", value: .text("object"))
      return try grammar(of: .object([object]), after: thoughts)
    case .text, nil: break
    }
    guard model.facts.callsTools, request.chat.toolChoice != ToolChoice.none else { return nil }
    var tools: [Grammar.Tool] = []
    for case .function(let function) in request.chat.tools {
      let schema = function.schema.map { Array($0.bytes) } ?? Array(#"{"type":"object"}"#.utf8)
      tools.append(Grammar.Tool(name: function.name, arguments: try JSONReader.read(schema)))
    }
    guard !tools.isEmpty else { return nil }
    return try Grammar(
      calling: tools,
      begin: AnswerParser.callBegin,
      end: AnswerParser.callEnd,
      demandsCall: false,
      after: thoughts
    )
  }

  private static func grammar(of schema: JSONValue, after thoughts: String?) throws -> Grammar {
    if let thoughts { return try Grammar(schema: schema, after: thoughts) }
    return try Grammar(schema: schema)
  }
}
