import Foundation
import Journal
import NIOHTTP1
import SystemPackage
import Testing

@testable import Gateway

/// What a client that goes, comes back or asks twice gets, and what that costs.
@Suite(.takesTurns) struct RepetitionTests {
  private static let named = [("idempotency-key", "once")]

  @Test func `the same request under the same name is asked once`() async throws {
    try await TestGateway.with { gateway, upstream in
      let first = try await gateway.post(headers: Self.named)
      let second = try await gateway.post(headers: Self.named)
      #expect(first.text == second.text)
      #expect(second.headers.first(name: "x-caisson-replayed") == "true")
      #expect(!first.headers.contains(name: "x-caisson-replayed"))
      #expect(upstream.requests.count == 1)
      #expect(try await gateway.settledCalls(1).count == 1)
      #expect(try gateway.ledger.call(CallID(2)) == nil)
    }
  }

  @Test func `a stream is repeated byte for byte`() async throws {
    try await TestGateway.with { gateway, upstream in
      let path = "/v1/chat/completions"
      let first = try await gateway.post(path, TestGateway.helloStream, headers: Self.named)
      let second = try await gateway.post(path, TestGateway.helloStream, headers: Self.named)
      #expect(first.text == second.text)
      #expect(first.text.hasSuffix(ScriptedUpstream.done))
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `another request under the same name is refused`() async throws {
    try await TestGateway.with { gateway, upstream in
      _ = try await gateway.post(headers: Self.named)
      let other = TestGateway.hello.replacingOccurrences(of: "hi", with: "ho")
      let answer = try await gateway.post("/v1/chat/completions", other, headers: Self.named)
      #expect(answer.status == 422)
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `who asks while the answer is still coming gets the same one`() async throws {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate),
        .piece(ScriptedUpstream.chunk("", finish: "stop")),
        .piece(ScriptedUpstream.usageChunk(input: 7, output: 3)), .piece(ScriptedUpstream.done),
      ])
      let path = "/v1/chat/completions"
      async let first = gateway.post(path, TestGateway.helloStream, headers: Self.named)
      try await upstream.received(1)
      async let second = gateway.post(path, TestGateway.helloStream, headers: Self.named)
      async let third = gateway.post(path, TestGateway.helloStream, headers: Self.named)
      try await Task.sleep(for: .milliseconds(100))
      gate.open()
      let texts = try await [first.text, second.text, third.text]
      #expect(Set(texts).count == 1)
      #expect(texts[0].hasSuffix(ScriptedUpstream.done))
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `who asks before the answer has begun waits for it`() async throws {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([.gate(gate)] + ScriptedUpstream.json(ScriptedUpstream.chat("hello")))
      async let first = gateway.post(headers: Self.named)
      try await upstream.received(1)
      async let second = gateway.post(headers: Self.named)
      try await Task.sleep(for: .milliseconds(100))
      gate.open()
      let texts = try await [first.text, second.text]
      #expect(texts[0] == texts[1])
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `what was never billed is asked anew under its name`() async throws {
    try await TestGateway.with(more: "routing: { attempts: 1 }\n") { gateway, upstream in
      upstream.script(ScriptedUpstream.json(#"{"error":{"message":"x"}}"#, status: 500))
      var answers: [Int] = []
      for _ in 0..<3 { answers.append(try await gateway.post(headers: Self.named).status) }
      #expect(answers == [500, 200, 200])
      #expect(upstream.requests.count == 2)
      #expect(try await gateway.settledCalls(2).map(\.state) == [.released, .settled])
    }
  }

  @Test func `what may have been billed is not asked again under its name`() async throws {
    try await TestGateway.with { gateway, upstream in
      upstream.script([.breakOff])
      let first = try await gateway.post(headers: Self.named)
      #expect(first.status == 502)
      let answer = try await gateway.post(headers: Self.named)
      #expect(answer.status == 409)
      #expect(answer.text.contains("answer_lost"))
      #expect(answer.headers.first(name: "x-should-retry") == "false")
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `a client that goes ends its call at the provider`() async throws {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate),
      ])
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.helloStream, key: gateway.key)
      _ = try client.read(until: "hel")
      client.close()
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.outcome == "cancelled")
      #expect(call.basis == "counted")
      #expect(call.charged <= call.ceiling)
      for _ in 0..<200 where upstream.cut == 0 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(upstream.cut == 1)
    }
  }

  @Test func `a client that goes before anything came is charged the ceiling`() async throws {
    try await TestGateway.with { gateway, upstream in
      upstream.script([.silence])
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.hello, key: gateway.key)
      try await upstream.received(1)
      client.close()
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.state == .unknown)
      #expect(call.charged == call.ceiling)
    }
  }

  @Test func `who named its request finds the whole answer when it comes back`() async throws {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([
        ScriptedUpstream.eventHead, .piece(ScriptedUpstream.chunk("hel")), .gate(gate),
        .piece(ScriptedUpstream.chunk("", finish: "stop")),
        .piece(ScriptedUpstream.usageChunk(input: 7, output: 3)), .piece(ScriptedUpstream.done),
      ])
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.helloStream, key: gateway.key, headers: Self.named)
      _ = try client.read(until: "hel")
      client.close()
      gate.open()
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.basis == "usage")
      let path = "/v1/chat/completions"
      let answer = try await gateway.post(path, TestGateway.helloStream, headers: Self.named)
      #expect(answer.text.hasSuffix(ScriptedUpstream.done))
      #expect(upstream.cut == 0)
      #expect(upstream.requests.count == 1)
    }
  }

  @Test func `requests that are sent before their turn are answered in theirs`() async throws {
    try await TestGateway.with { gateway, upstream in
      let client = try RawClient(port: gateway.port)
      for _ in 0..<3 { try client.send(TestGateway.hello, key: gateway.key) }
      let text = try client.read(count: 3, of: "chat.completion")
      #expect(text.components(separatedBy: "HTTP/1.1 200").count == 4)
      #expect(upstream.requests.count == 3)
      client.close()
    }
  }

  @Test func `the same request is answered from the cache where there is one`() async throws {
    try await TestGateway.with(more: "cache: { keep: 1m }\n") { gateway, upstream in
      for body in [TestGateway.hello, TestGateway.helloStream] {
        let first = try await gateway.post("/v1/chat/completions", body)
        let second = try await gateway.post("/v1/chat/completions", body)
        #expect(first.text == second.text)
        #expect(second.headers.first(name: "x-caisson-cache") == "hit")
      }
      #expect(upstream.requests.count == 2)
      let fresh = [("cache-control", "no-cache")]
      let third = try await gateway.post(headers: fresh)
      #expect(!third.headers.contains(name: "x-caisson-cache"))
      #expect(upstream.requests.count == 3)
    }
  }

  @Test func `a client of HTTP 1.0 gets its stream without chunks`() async throws {
    try await TestGateway.with { gateway, _ in
      let client = try RawClient(port: gateway.port)
      let body = TestGateway.helloStream
      try client.send(
        "POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer \(gateway.key)\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      )
      let text = client.rest()
      #expect(!text.lowercased().contains("transfer-encoding"))
      #expect(text.hasSuffix(ScriptedUpstream.done))
    }
  }

  @Test func `an answer from the cache gives no tokens back that were not taken`() async throws {
    let upstream = try await ScriptedUpstream.start()
    let gateway = try await TestGateway.start(
      TestGateway.document([upstream], more: "cache: { keep: 1m }\n"),
      terms: VirtualKey.Terms(name: "test", account: "test", tokensPerMinute: 60)
    )
    // An estimate of 10 of the answer and 19 of the text; 10 are used, so that 50 are left.
    for _ in 0..<20 { #expect(try await gateway.post().status == 200) }
    let large = TestGateway.hello.replacingOccurrences(of: ":10,", with: ":50,")
    let answer = try await gateway.post("/v1/chat/completions", large)
    #expect(answer.status == 429, "\(answer.text)")
    #expect(answer.text.contains(#""limit":"tokens_per_minute""#))
    await gateway.stop()
    try await upstream.stop()
  }

  @Test func `who waited for an answer and has gone is not waited for`() async throws {
    try await TestGateway.with { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      upstream.script([.gate(gate)] + ScriptedUpstream.json(ScriptedUpstream.chat("hello")))
      async let first = gateway.post(headers: Self.named)
      try await upstream.received(1)
      let client = try RawClient(port: gateway.port)
      try client.send(TestGateway.hello, key: gateway.key, headers: Self.named)
      try await Task.sleep(for: .milliseconds(50))
      client.close()
      try await Task.sleep(for: .milliseconds(50))
      gate.open()
      let status = try await first.status
      #expect(status == 200)
      let metrics = try await gateway.ask("GET", "/metrics").text
      #expect(metrics.contains("caisson_requests_active 0\n"), "\(metrics)")
    }
  }

  @Test func `a stream is over at its dialect's own end, whenever the connection is`() async throws
  {
    try await TestGateway.with(more: "cache: { keep: 1m }\n") { gateway, upstream in
      let gate = ScriptedUpstream.Gate()
      let pieces = [
        ScriptedUpstream.chunk("hel"), ScriptedUpstream.chunk("", finish: "stop"),
        ScriptedUpstream.usageChunk(input: 7, output: 3), ScriptedUpstream.done,
      ]
      upstream.script([ScriptedUpstream.eventHead] + pieces.map { .piece($0) } + [.gate(gate)])
      let path = "/v1/chat/completions"
      let first = try await gateway.post(path, TestGateway.helloStream)
      #expect(first.text.hasSuffix(ScriptedUpstream.done))
      let call = try #require(try await gateway.settledCalls(1).first)
      #expect(call.outcome == "ok")
      #expect(call.basis == "usage")
      let second = try await gateway.post(path, TestGateway.helloStream)
      #expect(second.headers.first(name: "x-caisson-cache") == "hit")
      gate.open()
      #expect(upstream.cut == 0)
    }
  }

  @Test func `who asks again at the end of a stream gets it again`() async throws {
    try await TestGateway.with { gateway, upstream in
      for place in 0..<20 {
        let client = try RawClient(port: gateway.port)
        let named = [("idempotency-key", "name-\(place)")]
        try client.send(TestGateway.helloStream, key: gateway.key, headers: named)
        _ = try client.read(until: "[DONE]")
        try client.send(TestGateway.helloStream, key: gateway.key, headers: named)
        let text = try client.read(count: 2, of: "[DONE]")
        #expect(text.components(separatedBy: "HTTP/1.1 200").count == 3)
        client.close()
      }
      #expect(upstream.requests.count == 20)
    }
  }
}
