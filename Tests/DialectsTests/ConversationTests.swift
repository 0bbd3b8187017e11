import Testing

@testable import Dialects

/// What clients send back of earlier answers, and what a translation makes of it.
@Suite struct ConversationTests {
  @Test func `fields of an earlier answer are left out, but for those that ask to go on`() throws {
    func ask(_ field: String) throws -> [String] {
      let text =
        #"{"model":"m","messages":[{"role":"assistant","content":"a",\#(field)},{"role":"user","#
        + #""content":"u"}]}"#
      return try Translation.request(
        Array(text.utf8),
        from: .openAIChat,
        to: .anthropic,
        TranslationOptions()
      ).losses.map(\.path)
    }
    let echo = try ask(#""provider_specific_fields":{"refusal":null}"#)
    #expect(echo == ["messages[0].provider_specific_fields"])
    #expect(throws: RequestError.self) { try ask(#""prefix":true"#) }
  }

  @Test func `a conversation without a message is refused`() {
    #expect(throws: RequestError.invalid(path: "messages", why: "is empty")) {
      try OpenAIChat.decodeRequest(Array(#"{"model":"m","messages":[]}"#.utf8))
    }
  }

  @Test func `a result that names no call of the conversation belongs to the call of its place`()
    throws
  {
    let body =
      #"{"model":"m","stream":false,"messages":[{"role":"user","content":"hi"},{"role":"assistant","#
      + #""content":"","tool_calls":[{"function":{"name":"f","arguments":{}}}]},{"role":"tool","#
      + #""content":"out","tool_call_id":"call_abc"}]}"#
    for upstream in [Dialect.openAIChat, .anthropic, .gemini] {
      let result = try Translation.request(
        Array(body.utf8),
        from: .ollamaChat,
        to: upstream,
        TranslationOptions()
      )
      let text = String(decoding: result.body, as: UTF8.self)
      #expect(!text.contains("call_abc"), "\(upstream.rawValue)")
    }
  }

  @Test(arguments: [LossPolicy.refuse, .drop])
  func `a conversation that another provider keeps is refused`(policy: LossPolicy) {
    for (body, client) in [
      (#"{"model":"m","input":"hi","previous_response_id":"r"}"#, Dialect.openAIResponses),
      (
        #"{"model":"m","max_tokens":9,"thread":{"id":"t"},"messages":[{"role":"user","#
          + #""content":"and then?"}]}"#, .anthropic
      ),
    ] {
      #expect(throws: RequestError.self) {
        try Translation.request(
          Array(body.utf8),
          from: client,
          to: .gemini,
          TranslationOptions(losses: policy)
        )
      }
    }
  }
}
