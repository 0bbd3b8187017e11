import Testing

@testable import Dialects

@Suite struct UsageTests {
  private func json(_ text: String) throws -> JSON {
    try JSONDocument(Array(text.utf8), bounds: .answer).root
  }

  @Test func `classes of input do not overlap in any dialect`() throws {
    let chat = OpenAIChat.usage(
      try json(
        """
        {"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,"prompt_tokens_details":
         {"cached_tokens":30,"cache_write_tokens":20,"audio_tokens":5},
         "completion_tokens_details":{"reasoning_tokens":10,"audio_tokens":4}}
        """
      )
    )
    #expect(chat.input == 50 && chat.cacheRead == 30 && chat.cacheWrite == 20)
    #expect(chat.output == 50 && chat.reasoning == 10 && chat.inputAudio == 5)
    #expect(chat.totalInput == 100 && chat.total == 150)
    let deepSeek = OpenAIChat.usage(
      try json(
        #"{"prompt_tokens":100,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36,"completion_tokens":1}"#
      )
    )
    #expect(deepSeek.input == 36 && deepSeek.cacheRead == 64)
    let anthropic = Anthropic.usage(
      try json(
        """
        {"input_tokens":7,"cache_read_input_tokens":5,"cache_creation_input_tokens":11,
         "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6},
         "output_tokens":3,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":1}}
        """
      )
    )
    #expect(anthropic.input == 7 && anthropic.cacheRead == 5)
    #expect(anthropic.cacheWrite1h == 6 && anthropic.cacheWrite5m == 5)
    #expect(anthropic.providerCalls == 3 && anthropic.totalInput == 23)
    let gemini = Gemini.usage(
      try json(
        #"{"promptTokenCount":40,"cachedContentTokenCount":10,"toolUsePromptTokenCount":2,"candidatesTokenCount":7,"thoughtsTokenCount":20}"#
      )
    )
    #expect(gemini.input == 32 && gemini.cacheRead == 10)
    #expect(gemini.output == 27 && gemini.reasoning == 20)
    let ollama = Ollama.usage(try json(#"{"prompt_eval_count":26,"eval_count":237}"#))
    #expect(ollama?.input == 26 && ollama?.output == 237)
    #expect(Ollama.usage(try json("{}")) == nil)
  }

  @Test func `thoughts that the completion leaves out are added from the total`() throws {
    let usage = OpenAIChat.usage(
      try json(
        #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#
      )
    )
    #expect(usage.output == 25)
  }

  @Test(arguments: ["-5", "1e300", "99999999999999999999", "\"12\"", "null", "[]", "1.5", "-0"])
  func `absurd counts stay within bounds`(text: String) throws {
    let count = TokenUsage.count(try json(text))
    #expect(count >= 0 && count <= 1 << 40)
    var usage = TokenUsage()
    usage.input = .max
    usage.output = .max
    #expect(usage.total == .max)
  }

  @Test func `a later count replaces an earlier one and leaves what it does not say`() {
    var first = TokenUsage()
    first.input = 12
    first.cacheRead = 5
    first.output = 1
    var later = TokenUsage()
    later.output = 25
    let merged = first.merged(with: later)
    #expect(merged.input == 12 && merged.cacheRead == 5 && merged.output == 25)
  }

  @Test(arguments: Golden.inputs(in: "answers", of: GoldenTests.upstreams))
  func `an answer's text bounds its visible tokens`(input: Golden.Input) throws {
    let context = AnswerContext(now: 0)
    guard
      let answer = try? Translation.answer(
        try input.bytes(),
        from: input.dialect,
        to: .openAIChat,
        context
      )
    else { return }
    let decoded = try Translation.decodeAnswer(try input.bytes(), from: input.dialect)
    #expect(answer.textBytes >= decoded.text?.utf8.count ?? 0)
  }
}
