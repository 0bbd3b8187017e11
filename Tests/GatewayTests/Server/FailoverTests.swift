import Foundation
import Journal
import NIOHTTP1
import Testing

@testable import Gateway

struct FailoverTests {
  private func with(
    _ count: Int,
    more: String = "",
    _ body: (TestGateway, [ScriptedUpstream]) async throws -> Void
  ) async throws {
    var upstreams: [ScriptedUpstream] = []
    for _ in 0..<count { upstreams.append(try await ScriptedUpstream.start()) }
    let gateway = try await TestGateway.start(TestGateway.document(upstreams, more: more))
    try await body(gateway, upstreams)
    await gateway.stop()
    for upstream in upstreams { try await upstream.stop() }
  }

  private static let refusal = ScriptedUpstream.json(
    #"{"error":{"message":"no","type":"server_error"}}"#,
    status: 500
  )

  @Test(arguments: [
    refusal,
    ScriptedUpstream.json(#"{"error":{"message":"slow down"}}"#, status: 429),
    ScriptedUpstream.json(#"{"error":{"message":"key?"}}"#, status: 401),
  ])
  func `an error that costs nothing goes to the next provider, and is released`(
    script: [ScriptedUpstream.Step]
  ) async throws {
    try await with(2) { gateway, upstreams in
      upstreams[0].script(script)
      let answer = try await gateway.post()
      #expect(answer.status == 200)
      #expect(answer.headers.first(name: "x-caisson-model") == "p1/real-1")
      let calls = try await gateway.settledCalls(2)
      #expect(calls.map(\.state) == [.released, .settled])
      #expect(calls.map(\.attempt) == [1, 2])
      #expect(calls.map(\.first.number) == [1, 1])
      #expect(calls.map(\.charged) == [0, 13_000_000])
    }
  }

  @Test func `an answer that breaks off before its first byte is charged, and asked elsewhere`()
    async throws
  {
    try await with(2) { gateway, upstreams in
      upstreams[0].script([.breakOff])
      let answer = try await gateway.post()
      #expect(answer.status == 200)
      let calls = try await gateway.settledCalls(2)
      #expect(calls.map(\.state) == [.unknown, .settled])
      #expect(calls[0].charged == calls[0].ceiling)
    }
  }

  @Test func `a provider that cannot be reached costs nothing`() async throws {
    let upstreams = [try await ScriptedUpstream.start(), try await ScriptedUpstream.start()]
    // Nobody listens at the first port there is, and no other test is given it.
    let document = TestGateway.document(upstreams)
      .replacingOccurrences(of: upstreams[0].base, with: "http://127.0.0.1:1")
    let gateway = try await TestGateway.start(document)
    let status = try await gateway.post().status
    #expect(status == 200)
    #expect(try await gateway.settledCalls(2).map(\.state) == [.released, .settled])
    await gateway.stop()
    for upstream in upstreams { try await upstream.stop() }
  }

  @Test func `the request's own fault is not asked elsewhere`() async throws {
    try await with(2) { gateway, upstreams in
      let fault = #"{"error":{"message":"temperature is wrong","type":"invalid_request_error"}}"#
      upstreams[0].script(ScriptedUpstream.json(fault, status: 400))
      let answer = try await gateway.post()
      #expect(answer.status == 400)
      #expect(answer.text.contains("temperature is wrong"))
      #expect(upstreams[1].requests.isEmpty)
      #expect(try await gateway.settledCalls(1).map(\.state) == [.released])
    }
  }

  @Test func `the same provider is asked again where there is no other`() async throws {
    try await with(1) { gateway, upstreams in
      let wait = [("retry-after-ms", "20")]
      let busy = ScriptedUpstream.json(#"{"error":{"message":"x"}}"#, status: 503, headers: wait)
      upstreams[0].script(busy)
      let status = try await gateway.post().status
      #expect(status == 200)
      #expect(upstreams[0].requests.count == 2)
    }
  }

  @Test func `what a provider says of the gateway's key is not told to clients`() async throws {
    try await with(1) { gateway, upstreams in
      let text = #"{"error":{"message":"Incorrect API key provided: provider-key"}}"#
      upstreams[0].script(ScriptedUpstream.json(text, status: 401))
      let answer = try await gateway.post()
      #expect(answer.status == 502)
      #expect(!answer.text.contains("provider-key"))
      #expect(answer.text.contains("does not accept the gateway's key"))
    }
  }

  @Test func `a stream that breaks in the midst ends in an error, and is not asked again`()
    async throws
  {
    try await with(2) { gateway, upstreams in
      let gate = ScriptedUpstream.Gate()
      upstreams[0].script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate), .breakOff,
      ])
      async let answer = gateway.post("/v1/chat/completions", TestGateway.helloStream)
      try await upstreams[0].received(1)
      gate.open()
      let text = try await answer.text
      #expect(text.contains("hel"))
      #expect(text.contains(#"{"error":{"message":"the answer broke off before its end""#))
      #expect(!text.contains("[DONE]"))
      #expect(upstreams[1].requests.isEmpty)
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.basis == "counted")
      #expect(call.state == .settled)
      #expect(call.charged > 0)
      #expect(call.charged <= call.ceiling)
    }
  }

  @Test func `a stream that ends without its end is no success`() async throws {
    try await with(1, more: "routing: { attempts: 1 }\n") { gateway, upstreams in
      upstreams[0].script([ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel"))])
      let answer = try await gateway.post("/v1/chat/completions", TestGateway.helloStream)
      #expect(answer.text.contains("broke off"))
      #expect(!answer.text.contains("[DONE]"))
    }
  }

  @Test func `a provider that keeps failing rests, and is not asked meanwhile`() async throws {
    let routing = "routing: { attempts: 1, breaker: { failures: 3, rest: 1m } }\n"
    try await with(1, more: routing) { gateway, upstreams in
      upstreams[0].script(Self.refusal, Self.refusal, Self.refusal)
      for _ in 0..<3 { #expect(try await gateway.post().status == 500) }
      let answer = try await gateway.post()
      #expect(answer.status == 503)
      #expect(answer.text.contains("resting"))
      #expect(answer.headers.contains(name: "retry-after"))
      #expect(upstreams[0].requests.count == 3)
    }
  }

  @Test func `a provider that says nothing in its time is given up`() async throws {
    let routing = "routing: { attempts: 1, timeouts: { first_byte: 1s } }\n"
    try await with(1, more: routing) { gateway, upstreams in
      upstreams[0].script([.silence])
      let answer = try await gateway.post("/v1/chat/completions", TestGateway.helloStream)
      #expect(answer.status == 504)
      #expect(answer.text.contains("silent"))
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.state == .unknown)
      #expect(call.charged == call.ceiling)
    }
  }
}
