import Foundation
import Journal
import NIOHTTP1
import Testing

@testable import Gateway

struct ForwardingTests {
  @Test func `a request goes on as it was written but for the model's name`() async throws {
    try await TestGateway.with { gateway, upstream in
      let body =
        #"{ "model" : "m", "messages":[{"role":"user","content":"é\n"}], "new_field": 1.50 }"#
      let answer = try await gateway.post("/v1/chat/completions", body)
      #expect(answer.status == 200)
      #expect(answer.text == ScriptedUpstream.chat("hello"))
      let sent = try #require(upstream.requests.first)
      #expect(sent.body == body.replacingOccurrences(of: #""m""#, with: #""real-0""#))
      #expect(sent.path == "/v1/chat/completions")
    }
  }

  @Test func `the provider is shown its own key, and never the client's`() async throws {
    try await TestGateway.with { gateway, upstream in
      let answer = try await gateway.post(headers: [
        ("x-api-key", gateway.key), ("cookie", "a=b"), ("x-forwarded-for", "10.0.0.1"),
      ])
      #expect(answer.status == 200)
      let sent = try #require(upstream.requests.first)
      #expect(sent.headers["authorization"] == ["Bearer provider-key"])
      #expect(!sent.headers.contains { $0.value.contains(gateway.key) })
      for name in ["x-api-key", "cookie", "x-forwarded-for"] {
        #expect(!sent.headers.contains(name: name))
      }
    }
  }

  @Test func `a call is charged what the provider's own count costs`() async throws {
    try await TestGateway.with { gateway, upstream in
      upstream.script(ScriptedUpstream.json(ScriptedUpstream.chat("x", input: 1000, output: 9)))
      let answer = try await gateway.post()
      #expect(answer.headers.first(name: "x-caisson-call") == "call-1")
      #expect(answer.headers.first(name: "x-caisson-model") == "p0/real-0")
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.state == .settled)
      #expect(call.basis == "usage")
      #expect(call.charged == 1000 * 1_000_000 + 9 * 2_000_000)
      #expect(call.used[.input] == 1000)
      #expect(call.used[.output] == 9)
      let sent = try #require(upstream.requests.first)
      #expect(
        sent.headers["x-client-request-id"] == ["caisson-\(gateway.epoch.id)-1"],
        "the provider can be asked about a call by the name that the ledger has"
      )
    }
  }

  @Test func `usage of a stream is asked for, and kept from who did not ask`() async throws {
    try await TestGateway.with { gateway, upstream in
      let answer = try await gateway.post("/v1/chat/completions", TestGateway.helloStream)
      #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true)
      #expect(answer.text.hasSuffix(ScriptedUpstream.done))
      #expect(answer.text.contains("hel"))
      #expect(!answer.text.contains("prompt_tokens"))
      #expect(upstream.requests.first?.body.contains(#""include_usage":true"#) == true)
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.basis == "usage")
      #expect(call.charged == 7_000_000 + 3 * 2_000_000)
    }
  }

  @Test(arguments: [
    ("/v1/messages", #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#),
    ("/v1/responses", #"{"model":"m","max_output_tokens":9,"input":"hi"}"#),
    ("/api/chat", #"{"model":"m","stream":false,"messages":[{"role":"user","content":"hi"}]}"#),
    ("/api/generate", #"{"model":"m","stream":false,"prompt":"hi"}"#),
    ("/v1/completions", #"{"model":"m","max_tokens":9,"prompt":"hi"}"#),
  ])
  func `a client of any dialect is answered in its own`(path: String, body: String) async throws {
    let upstream = try await ScriptedUpstream.start { request in
      // Completions go on untranslated.
      request.path == "/v1/completions"
        ? ScriptedUpstream.json(
          #"{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"#
            + #""text":"hello","finish_reason":"stop","logprobs":null}],"usage":{"#
            + #""prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#
        ) : ScriptedUpstream.answer(request)
    }
    let gateway = try await TestGateway.start(TestGateway.document([upstream]))
    let answer = try await gateway.post(path, body)
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.text.contains("hello"))
    let call = try #require(try await gateway.settledCalls(1).first)
    #expect(call.basis == "usage")
    #expect(call.charged == 7_000_000 + 3 * 2_000_000)
    await gateway.stop()
    try await upstream.stop()
  }

  @Test func `what could not be carried across is told in a header`() async throws {
    try await TestGateway.with { gateway, _ in
      let body =
        #"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":"#
        + #"{"type":"ephemeral"}}],"messages":[{"role":"user","content":"hi"}]}"#
      let answer = try await gateway.post("/v1/messages", body)
      #expect(answer.status == 200, "\(answer.text)")
      let dropped = try #require(answer.headers.first(name: "x-caisson-dropped"))
      #expect(dropped.contains("cache_control"))
    }
  }

  @Test func `what would change the answer is refused before anything is asked`() async throws {
    try await TestGateway.with { gateway, upstream in
      let body =
        #"{"model":"m","max_tokens":9,"top_k":5,"messages":[{"role":"user","content":"hi"}]}"#
      let answer = try await gateway.post("/v1/messages", body)
      #expect(answer.status == 400)
      #expect(answer.text.contains("top_k"))
      #expect(answer.text.hasPrefix(#"{"type":"error""#))
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `vectors come back for Ollama's clients and for OpenAI's`() async throws {
    let upstream = try await ScriptedUpstream.start()
    let document =
      TestGateway.document([upstream]).replacingOccurrences(
        of: "tiers:",
        with:
          "  e: { provider: p0, model: emb, context: 8k, can: [embeddings], price: free }\ntiers:"
      )
    let gateway = try await TestGateway.start(document)
    let body = #"{"model":"e","input":"hi"}"#
    #expect(try await gateway.post("/v1/embeddings", body).text.contains(#""embedding":[0.5]"#))
    #expect(try await gateway.post("/api/embed", body).text.contains(#""embeddings":[[0.5]]"#))
    let other = try await gateway.post("/v1/chat/completions", #"{"model":"e","messages":[]}"#)
    #expect(other.status == 400 || other.status == 200)
    await gateway.stop()
    try await upstream.stop()
  }

  @Test func `a picture never goes to a model that takes none`() async throws {
    try await TestGateway.with { gateway, upstream in
      let body =
        #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image_url","#
        + #""image_url":{"url":"data:image/png;base64,AAAA"}}]}]}"#
      let answer = try await gateway.post("/v1/chat/completions", body)
      #expect(answer.status == 400)
      #expect(answer.text.contains("takes no image"))
      #expect(upstream.requests.isEmpty)
    }
  }

  @Test func `a redirection is not followed, since the key would follow it`() async throws {
    let other = try await ScriptedUpstream.start()
    try await TestGateway.with { gateway, upstream in
      upstream.script([.head(307, [("location", other.base + "/v1/chat/completions")])])
      let answer = try await gateway.post()
      #expect(answer.status == 502)
      #expect(other.requests.isEmpty)
    }
    try await other.stop()
  }

  @Test func `a compressed answer that nobody asked for is no answer`() async throws {
    try await TestGateway.with(more: "routing: { attempts: 1 }\n") { gateway, upstream in
      upstream.script(
        ScriptedUpstream.json(
          ScriptedUpstream.chat("x"),
          headers: [("content-encoding", "gzip")]
        )
      )
      let answer = try await gateway.post()
      #expect(answer.status == 502)
      #expect(answer.text.contains("compressed"))
    }
  }

  @Test func `models are listed in each dialect, as far as the key may call them`() async throws {
    try await TestGateway.with { gateway, _ in
      let openAI = try await gateway.ask("GET", "/v1/models")
      #expect(openAI.text.contains(#""id":"m0""#))
      let version = [("anthropic-version", "2023-06-01")]
      let anthropic = try await gateway.ask("GET", "/v1/models", headers: version)
      #expect(anthropic.text.contains(#""has_more":false"#))
      #expect(try await gateway.ask("GET", "/api/tags").text.contains(#""name":"m0""#))
      let one = try await gateway.ask("GET", "/v1/models/m0")
      #expect(one.text.hasPrefix(#"{"id":"m0","object":"model""#))
      let own = try await gateway.ask("GET", "/v1/models/m0", headers: version)
      #expect(own.text.hasPrefix(#"{"type":"model","id":"m0","display_name":"#))
      let show = try await gateway.post("/api/show", #"{"model":"m0:latest"}"#)
      #expect(show.text.contains(#""capabilities":["completion","tools"]"#))
      let version2 = try await gateway.ask("GET", "/api/version", key: "")
      #expect(version2.text.contains("version"))
      let count = try await gateway.post(
        "/v1/messages/count_tokens",
        #"{"model":"m","messages":[{"role":"user","content":"four score and seven"}]}"#
      )
      #expect(count.text.hasPrefix(#"{"input_tokens":"#))
    }
  }

  @Test func `a span of each request goes to the collector`()
    async throws
  {
    let collector = try await ScriptedUpstream.start { _ in ScriptedUpstream.json("{}") }
    try await TestGateway.with(more: "traces: \"\(collector.base)\"\n") { gateway, _ in
      let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
      let parent = [("traceparent", "00-\(trace)-00f067aa0ba902b7-01")]
      #expect(try await gateway.post(headers: parent).status == 200)
      let unknown = TestGateway.hello.replacingOccurrences(of: #""m""#, with: #""none""#)
      #expect(try await gateway.post("/v1/chat/completions", unknown).status == 404)
      // On a busy machine the second may come a second later.
      for _ in 0..<1000 where !collector.requests.contains(where: { $0.body.contains("notFound") })
      {
        try await Task.sleep(for: .milliseconds(10))
      }
      let all = collector.requests.map(\.body).joined()
      let sent = try #require(collector.requests.first)
      #expect(sent.path == "/v1/traces")
      #expect(sent.body.contains(#""traceId":"\#(trace)""#))
      #expect(sent.body.contains(#""parentSpanId":"00f067aa0ba902b7""#))
      #expect(sent.body.contains(#""gen_ai.usage.input_tokens","value":{"intValue":"7"}"#))
      #expect(all.contains(#""error.type","value":{"stringValue":"notFound"}"#))
      #expect(!all.contains("hello"))
      #expect(!all.contains("\"hi\""))
      let spans = try JSONSerialization.jsonObject(with: Data(sent.body.utf8))
      #expect(spans is [String: Any])
    }
    try await collector.stop()
  }

  @Test(arguments: [
    ("gemini-2.5-flash", false), ("gemini-3-flash-preview", true), ("models/gemini-3.1-pro", true),
    ("gemini-10-x", true), ("gemini-embedding-001", false), ("gpt-5.4", false),
  ])
  func `models that refuse unsigned calls get the documented filler`(model: String, demands: Bool) {
    #expect(UpstreamPlan.demandsSignatures(model) == demands)
  }
}
