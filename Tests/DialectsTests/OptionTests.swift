import Testing

@testable import Dialects

@Suite struct OptionTests {
  private func request(
    _ fields: String,
    to upstream: Dialect,
    _ change: (inout TranslationOptions) -> Void = { _ in }
  ) throws -> (text: String, losses: [String]) {
    var options = TranslationOptions(losses: .refuse)
    change(&options)
    let messages =
      fields.contains("\"messages\"") ? "" : #""messages":[{"role":"user","content":"u"}],"#
    let body = "{\"model\":\"m\",\(messages)\(fields)}"
    let result = try Translation.request(Array(body.utf8), from: .openAIChat, to: upstream, options)
    return (String(decoding: result.body, as: UTF8.self), result.losses.map(\.path))
  }

  @Test func `a largest length is written in the word that the upstream knows`() throws {
    #expect(try request(#""max_tokens":9"#, to: .openAIChat).text.contains(#""max_tokens":9"#))
    let own = try request(#""max_tokens":9"#, to: .openAIChat) { $0.usesMaxCompletionTokens = true }
    #expect(own.text.contains(#""max_completion_tokens":9"#))
    let anthropic = try request(#""top_p":1"#, to: .anthropic) { $0.defaultMaxTokens = 77 }
    #expect(anthropic.text.contains(#""max_tokens":77"#))
  }

  @Test func `usage is asked for unless the upstream refuses the question`() throws {
    #expect(try request(#""stream":true"#, to: .openAIChat).text.contains("include_usage"))
    let silent = try request(#""stream":true"#, to: .openAIChat) { $0.asksForUsage = false }
    #expect(!silent.text.contains("stream_options"))
  }

  @Test func `sampling is left out where the model takes none`() throws {
    let result = try request(#""temperature":0.2,"top_p":0.5"#, to: .anthropic) {
      $0.takesSampling = false
    }
    #expect(!result.text.contains("temperature") && !result.text.contains("top_p"))
    #expect(result.losses == ["temperature", "top_p"])
  }

  @Test(
    arguments: [
      ("\"low\"", 20_000, false, #""thinking":{"type":"enabled","budget_tokens":2048}"#),
      ("\"high\"", 10_000, false, #""thinking":{"type":"enabled","budget_tokens":9999}"#),
      ("\"high\"", 1_000, false, nil), ("\"none\"", 20_000, false, nil),
      (
        "\"medium\"", 500, true,
        #""thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}"#
      ),
    ] as [(String, Int, Bool, String?)]
  )
  func `an effort becomes thinking that Anthropic accepts`(
    effort: String,
    tokens: Int,
    isAdaptive: Bool,
    expected: String?
  ) throws {
    let fields = "\"reasoning_effort\":\(effort),\"max_tokens\":\(tokens)"
    let result = try request(fields, to: .anthropic) { $0.usesAdaptiveThinking = isAdaptive }
    if let expected {
      #expect(result.text.contains(expected))
    } else {
      #expect(!result.text.contains("thinking"))
    }
  }

  private static let calls =
    #""messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a","reasoning_content":"t","#
    + #""tool_calls":[{"id":"c.1","type":"function","function":{"name":"f","arguments":"[1]"}},"#
    + #"{"id":"c2","type":"function","function":{"name":"g","arguments":""}}]},"#
    + #"{"role":"tool","tool_call_id":"c.1","content":"r"},{"role":"tool","tool_call_id":"c2","content":"s"}]"#

  @Test func `a call without its signature is given the documented filler, once a turn`() throws {
    #expect(try !request(Self.calls, to: .gemini).text.contains("thoughtSignature"))
    let filled = try request(Self.calls, to: .gemini) { $0.fillsSignatures = true }.text
    #expect(filled.split(separator: "skip_thought_signature_validator").count == 2)
  }

  @Test func `names of calls and arguments that an upstream refuses are replaced`() throws {
    let result = try request(Self.calls, to: .anthropic)
    #expect(
      result.text.contains(
        #"{"type":"tool_use","id":"call_c_1","name":"f","input":{"input":"[1]"}}"#
      )
    )
    #expect(result.text.contains(#"{"type":"tool_use","id":"c2","name":"g","input":{}}"#))
    #expect(result.text.contains(#"{"type":"tool_result","tool_use_id":"call_c_1","content":"r"}"#))
  }

  @Test func `a model in the midst of calls does not think without its thoughts`() throws {
    let fields = Self.calls + #","reasoning_effort":"low","max_tokens":9000"#
    let result = try request(fields, to: .anthropic)
    #expect(!result.text.contains("thinking"))
    #expect(result.losses.contains("reasoning"))
  }
}

@Suite struct LossTests {
  @Test(arguments: [
    #""logit_bias":{}"#, #""modalities":["text"]"#, #""store":false"#, #""x":[]"#,
    #""audio":null"#, #""stop":null"#, #""n":1"#, #""tools":[]"#, #""logprobs":false"#,
    #""frequency_penalty":0"#,
  ])
  func `what asks for nothing is not lost`(field: String) throws {
    let body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"u\"}],\(field)}"
    let options = TranslationOptions(losses: .refuse)
    for upstream in [Dialect.anthropic, .gemini, .ollamaChat] {
      let bytes = Array(body.utf8)
      let result = try Translation.request(bytes, from: .openAIChat, to: upstream, options)
      #expect(result.losses.isEmpty, "\(upstream.rawValue)")
    }
  }

  @Test func `the list of losses has an end`() throws {
    let fields = (0..<500).map { "\"field\($0)\":1" }.joined(separator: ",")
    let messages = #"[{"role":"user","content":"u"}]"#
    let body = "{\"model\":\"m\",\"messages\":\(messages),\(fields)}"
    let result = try Translation.request(
      Array(body.utf8),
      from: .openAIChat,
      to: .anthropic,
      TranslationOptions(losses: .drop)
    )
    #expect(result.losses.count == 32)
  }
}
