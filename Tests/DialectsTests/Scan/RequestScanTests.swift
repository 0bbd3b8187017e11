import Testing

@testable import Dialects

@Suite struct RequestScanTests {
  private func scan(_ text: String, _ dialect: Dialect = .openAIChat) throws(RequestError)
    -> RequestScan
  {
    try RequestScan(Array(text.utf8), dialect: dialect)
  }

  private func refusal(_ text: String, _ dialect: Dialect = .openAIChat) -> RequestError? {
    do throws(RequestError) {
      _ = try scan(text, dialect)
      return nil
    } catch { return error }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `a chat request yields what prices and routes it`() throws {
    let scan = try scan(
      """
      {"model":"gpt-5.4","stream":true,"max_tokens":5,"max_completion_tokens":7,"n":3,
       "messages":[{"role":"user","content":[{"type":"text","text":"hi"},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
        {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
        {"type":"file","file":{"file_id":"file-1"}}]}],
       "tools":[{"type":"function","function":{"name":"f"}}],"reasoning_effort":"low",
       "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}},
       "stream_options":{"include_usage":true}}
      """
    )
    #expect(scan.model == "gpt-5.4")
    #expect(scan.isStream)
    #expect(scan.maxTokens == 7)
    #expect(scan.choices == 3)
    #expect(scan.includesUsage)
    var expected = RequestFeatures()
    expected.images = 1
    expected.audios = 1
    expected.files = 1
    expected.mediaBytes = 4
    expected.hasTools = true
    expected.wantsJSON = true
    expected.wantsSchema = true
    expected.wantsReasoning = true
    expected.refersToStored = true
    #expect(scan.features == expected)
  }

  @Test(
    arguments: [
      ("[]", nil), ("{}", "model"), ("{\"model\":5}", "model"), ("{\"model\":\"\"}", "model"),
      ("{\"model\":\"m\"}", "messages"), ("{\"model\":\"m\",\"messages\":{}}", "messages"),
      ("{\"model\":\"m\",\"messages\":[],\"stream\":1}", "stream"),
      ("{\"model\":\"m\",\"messages\":[],\"max_tokens\":-1}", "max_tokens"),
      ("{\"model\":\"m\",\"messages\":[],\"max_tokens\":1e99}", "max_tokens"),
      ("{\"model\":\"m\",\"messages\":[],\"max_tokens\":\"9\"}", "max_tokens"),
      ("{\"model\":\"m\",\"messages\":[],\"n\":0}", "n"),
      ("{\"model\":\"m\",\"messages\":[],\"n\":1e9}", "n"),
    ] as [(String, String?)]
  )
  func `a request that cannot be priced is refused by its field`(body: String, path: String?) throws
  {
    let refusal = refusal(body)
    let error = try #require(refusal)
    #expect(error.path == path)
  }

  @Test(arguments: [
    #"{"model":"a","model":"b","messages":[]}"#,
    #"{"model":"a","messages":[],"stream":false,"str\u0065am":true}"#,
    #"{"model":"a","messages":[],"max_tokens":1,"max_\u0074okens":9}"#,
    #"{"model":"a","messages":[{"role":"user","content":"x","content":"y"}]}"#,
    #"{"model":"a","messages":[],"stream_options":{"include_usage":true,"include_usage":false}}"#,
  ])
  func `a key that stands twice is refused at every level`(body: String) {
    guard case .malformed(let reason) = refusal(body) else {
      Issue.record("not refused")
      return
    }
    #expect(reason.reason == .duplicateKey)
  }

  @Test func `a patch changes the model and nothing else`() throws {
    let body =
      " {\"x\" : [1.50, {\"model\":\"inner\"}],\n\"model\"\t: \"a\\u0062\" ,\"messages\":[]} "
    let scan = try scan(body)
    #expect(scan.model == "ab")
    #expect(
      text(scan.patched(model: "new \"name\""))
        == " {\"x\" : [1.50, {\"model\":\"inner\"}],\n\"model\"\t: \"new \\\"name\\\"\" ,\"messages\":[]} "
    )
    #expect(text(scan.patched(model: "ab")) == body)
    #expect(text(scan.patched()) == body)
  }

  @Test(
    arguments: [
      (
        #"{"model":"m","messages":[],"stream":true}"#,
        #"{"stream_options":{"include_usage":true},"model":"m","messages":[],"stream":true}"#
      ),
      (
        #"{"model":"m","messages":[],"stream":true,"stream_options":null}"#,
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#
      ),
      (
        #"{"model":"m","messages":[],"stream":true,"stream_options":{}}"#,
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#
      ),
      (
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":false,"x":1}}"#,
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true,"x":1}}"#
      ),
      (
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"x":1}}"#,
        #"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true,"x":1}}"#
      ),
      (#"{"model":"m","messages":[]}"#, #"{"model":"m","messages":[]}"#),
    ]
  )
  func `usage is asked for at the end of a stream`(body: String, expected: String) throws {
    #expect(text(try scan(body).patched(asksForUsage: true)) == expected)
  }

  @Test(
    arguments: [
      (#"{"model":"m","messages":[],"x":1,"y":2}"#, #"{"model":"m","messages":[]}"#),
      (#"{"x":1,"y":2,"model":"m","messages":[]}"#, #"{"model":"m","messages":[]}"#),
      (#"{"model":"m" , "y" : {"x":1} , "messages":[]}"#, #"{"model":"m" ,  "messages":[]}"#),
      (#"{"model":"m","messages":[]}"#, #"{"model":"m","messages":[]}"#),
    ]
  )
  func `fields that an upstream refuses are taken out`(body: String, expected: String) throws {
    #expect(text(try scan(body).patched(removing: ["x", "y"])) == expected)
  }

  @Test func `each dialect's own words are read`() throws {
    let responses = try scan(
      #"{"model":"m","input":"x","max_output_tokens":9,"previous_response_id":"resp_1"}"#,
      .openAIResponses
    )
    #expect(responses.maxTokens == 9)
    #expect(responses.features.refersToStored)
    let anthropic = try scan(
      """
      {"model":"m","max_tokens":8,"messages":[{"role":"user","content":[{"type":"tool_result",
       "tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","data":"AA=="}}]}]}],
       "tools":[{"type":"web_search_20250305","name":"web_search"}],
       "thinking":{"type":"enabled","budget_tokens":1024}}
      """,
      .anthropic
    )
    #expect(anthropic.maxTokens == 8)
    #expect(anthropic.features.images == 1)
    #expect(anthropic.features.hasProviderTools)
    #expect(anthropic.features.wantsReasoning)
    let ollama = try scan(
      #"{"model":"m","messages":[],"options":{"num_predict":-1},"format":"json","think":false}"#,
      .ollamaChat
    )
    #expect(ollama.isStream)
    #expect(ollama.maxTokens == nil)
    #expect(ollama.features.wantsJSON)
    #expect(!ollama.features.wantsReasoning)
    let completions = try scan(
      #"{"model":"m","prompt":["a","b"],"n":2,"best_of":3}"#,
      .openAICompletions
    )
    #expect(completions.choices == 6)
    let embeddings = try scan(#"{"model":"m","input":"x"}"#, .openAIEmbeddings)
    #expect(!embeddings.isStream)
  }

  @Test(
    arguments: [
      (Dialect.openAIChat, #""service_tier":"priority""#, "priority"),
      (.openAIChat, #""service_tier":"auto""#, nil), (.anthropic, #""speed":"fast""#, "fast"),
      (.openAIChat, #""service_tier":5"#, "unknown"), (.openAIChat, #""x":1"#, nil),
    ] as [(Dialect, String, String?)]
  )
  func `a class of service with its own price is told`(
    dialect: Dialect,
    field: String,
    tier: String?
  ) throws {
    let scan = try scan("{\"model\":\"m\",\"messages\":[],\(field)}", dialect)
    #expect(scan.features.serviceTier == tier)
  }

  @Test func `the bound of input tokens leaves pictures out and counts every byte of text`() throws
  {
    let picture = String(repeating: "A", count: 5000)
    let body =
      #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":"#
      + "{\"url\":\"data:image/png;base64,\(picture)\"}},{\"type\":\"text\",\"text\":\"hi\"}]}]}"
    let scan = try scan(body)
    #expect(scan.textTokensAtMost < 300)
    #expect(scan.features.images == 1)
    let plain = try self.scan(#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#)
    #expect(plain.textTokensAtMost >= 5)
  }
}
