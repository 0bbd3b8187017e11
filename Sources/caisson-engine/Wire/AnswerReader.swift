import Dialects
import Inference

/// What comes from the engine, as parts of an answer.
struct AnswerReader {
  private var parser: AnswerParser
  private let tokenizer: Tokenizer
  private let wantsLogprobs: Bool
  private var calls = 0
  private let nonce = UInt32.random(in: 0 ... .max)

  init(_ request: EngineRequest, _ prompt: Prompt, _ model: LoadedModel) {
    var isPlain = false
    if case .raw = request.kind { isPlain = true }
    parser = AnswerParser(
      seesThoughts: model.facts.thinks && !isPlain,
      seesCalls: !request.chat.tools.isEmpty,
      beginsInThoughts: prompt.opensThoughts && !isPlain
    )
    tokenizer = model.tokenizer
    wantsLogprobs = request.chat.sampling.logprobs == true
  }

  mutating func take(_ token: GeneratedToken) -> AnswerLines.Delta {
    var delta = take(token.text)
    if wantsLogprobs, let logprob = token.logprob {
      delta.logprobs = [
        AnswerLines.TokenShare(
          bytes: tokenizer.bytes(of: token.token),
          logprob: logprob,
          others: token.likeliest.map {
            AnswerLines.TokenShare(bytes: tokenizer.bytes(of: $0.token), logprob: $0.logprob)
          }
        )
      ]
    }
    return delta
  }

  mutating func take(_ text: String) -> AnswerLines.Delta { delta(parser.take(text)) }

  mutating func finish() -> AnswerLines.Delta { delta(parser.finish()) }

  private mutating func delta(_ pieces: [AnswerParser.Piece]) -> AnswerLines.Delta {
    var delta = AnswerLines.Delta()
    for piece in pieces {
      switch piece {
      case .word(let text): delta.words += text
      case .thought(let text): delta.thoughts += text
      case .call(let text):
        if let call = call(text) {
          delta.calls.append(call)
        } else {
          delta.words += "<tool_call>\(text)</tool_call>"
        }
      }
    }
    return delta
  }

  /// What a model writes to call a tool: an object with a name, and arguments or parameters.
  private mutating func call(_ text: String) -> ToolCall? {
    guard let root = try? JSONDocument.object(Array(text.utf8)),
      let name = root.present("name")?.string
    else { return nil }
    calls += 1
    let arguments = root.present("arguments") ?? root.present("parameters")
    let written = arguments?.string ?? arguments?.raw.text ?? "{}"
    return ToolCall(id: "call_\(String(nonce, radix: 16))_\(calls)", name: name, arguments: written)
  }
}
