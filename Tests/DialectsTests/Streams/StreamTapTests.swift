import Testing

@testable import Dialects

@Suite struct StreamTapTests {
  private func run(
    _ bytes: [UInt8],
    _ dialect: Dialect,
    hidesUsage: Bool = false,
    piece: Int
  ) throws -> (tap: StreamTap, output: String) {
    var tap = try #require(StreamTap(dialect, hidesUsage: hidesUsage))
    var output: [UInt8] = []
    var at = 0
    while at < bytes.count {
      let end = min(at + piece, bytes.count)
      output += tap.receive(bytes[at..<end])
      at = end
    }
    output += tap.end()
    return (tap, String(decoding: output, as: UTF8.self))
  }

  @Test(arguments: Golden.inputs(in: "streams", of: GoldenTests.upstreams))
  func `a watched stream stands as its translation does`(input: Golden.Input) throws {
    let bytes = try input.bytes()
    var stream = try #require(
      StreamTranslator(from: input.dialect, to: .openAIChat, context: GoldenTests.context())
    )
    _ = stream.receive(bytes[...])
    _ = stream.end()
    for piece in [1, 5, 100, bytes.count] {
      let (tap, output) = try run(bytes, input.dialect, piece: piece)
      // Who only watches does not hold events to their order.
      if !input.name.hasPrefix("disorder") {
        switch (tap.state, stream.state) {
        case (.complete(let left), .complete(let right)):
          if right != .toolCalls, right != .refusal { #expect(left == right) }
          #expect(output == String(decoding: bytes, as: UTF8.self))
        case (.failed(let left), .failed(let right)): #expect(left.kind == right.kind)
        default: Issue.record("\(tap.state) is not \(stream.state)")
        }
        #expect(tap.usage == stream.usage)
      }
      #expect(tap.textBytes >= stream.textBytes)
      #expect(tap.textBytes <= stream.textBytes * 4 + 64)
    }
  }

  private static let chunks = [
    #"data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null}"#,
    #"data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    #"data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#,
    "data: [DONE]",
  ]

  @Test(arguments: [1, 3, 50, 10_000])
  func `usage that the client did not ask for is kept from it`(piece: Int) throws {
    let text = ": ping\n\n" + Self.chunks.joined(separator: "\n\n") + "\n\n"
    let (tap, output) = try run(Array(text.utf8), .openAIChat, hidesUsage: true, piece: piece)
    #expect(tap.state == .complete(.end))
    #expect(tap.usage?.input == 3)
    #expect(output == text.replacing(Self.chunks[2] + "\n\n", with: ""))
  }

  @Test(arguments: [1, 3, 50, 10_000])
  func `the word for the end without an end does not reach the client`(piece: Int) throws {
    for end in [
      Self.chunks[3], "data:[DONE]x", "\(Self.chunks[3])\ndata: more", ": c\ndata: [DONE]",
    ] {
      let text = Self.chunks[0] + "\n\n" + end + "\n\n"
      let (tap, output) = try run(Array(text.utf8), .openAIChat, piece: piece)
      #expect(tap.state == .failed(.truncated))
      #expect(!output.contains("[DONE]"))
      #expect(output.hasSuffix("\"code\":\"upstream_error\"}}\n\n"))
    }
  }

  @Test(
    arguments: [
      (Dialect.openAIChat, chunks[0] + "\n\ndata: {\"id\""),
      (.anthropic, "event: ping\ndata: {\"type\":\"ping\"}\n\n"),
      (.openAIResponses, "data: {\"type\":\"response.created\",\"response\":{}}\n\n"),
      (.ollamaChat, "{\"message\":{\"content\":\"a\"},\"done\":false}\n"), (.ollamaChat, ""),
      (.gemini, "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n"),
    ]
  )
  func `a stream that breaks off ends in an error`(dialect: Dialect, text: String) throws {
    let (tap, output) = try run(Array(text.utf8), dialect, piece: 7)
    #expect(tap.state == .failed(.truncated))
    #expect(output.hasPrefix(text))
    #expect(output.contains("broke off"))
  }

  @Test func `a response is watched by its last event`() throws {
    let text =
      #"data: {"type":"response.output_text.delta","delta":"héllo \"x\"","item_id":"msg_1"}"#
      + "\n\n"
      + #"data: {"type":"response.completed","response":{"status":"completed","usage":"#
      + #"{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":2}}}"#
      + "\n\n"
    let (tap, output) = try run(Array(text.utf8), .openAIResponses, piece: 11)
    #expect(tap.state == .complete(.end))
    #expect(tap.usage?.input == 5)
    #expect(tap.usage?.cacheRead == 4)
    #expect(tap.usage?.output == 2)
    #expect(tap.textBytes >= "héllo \"x\"".utf8.count)
    #expect(output == text)
  }

  @Test func `completions and Groq's chunks are watched, too`() throws {
    let text =
      #"data: {"id":"c","choices":[{"text":"Hello","index":0,"finish_reason":null}]}"# + "\n\n"
      + #"data: {"id":"c","choices":[{"text":"","index":0,"finish_reason":"length"}],"x_groq":"#
      + #"{"usage":{"prompt_tokens":3,"completion_tokens":1}}}"# + "\n\ndata: [DONE]\n\n"
    let (tap, output) = try run(Array(text.utf8), .openAICompletions, piece: 9)
    #expect(tap.state == .complete(.maxTokens))
    #expect(tap.usage?.input == 3)
    #expect(tap.textBytes >= 5)
    #expect(output == text)
  }

  @Test func `the gateway can end a watched stream itself`() throws {
    let error = ProviderError(.timeout, "too slow")
    let frame =
      "data: {\"error\":{\"message\":\"too slow\",\"type\":\"server_error\","
      + "\"param\":null,\"code\":\"timeout\"}}\n\n"
    var tap = try #require(StreamTap(.openAIChat))
    _ = tap.receive(Array((Self.chunks[0] + "\n\n").utf8)[...])
    #expect(String(decoding: tap.fail(error), as: UTF8.self) == frame)
    #expect(tap.fail(error).isEmpty && tap.end().isEmpty)
    tap = try #require(StreamTap(.openAIChat))
    _ = tap.receive(Array(Self.chunks[0].utf8)[...])
    #expect(String(decoding: tap.fail(error), as: UTF8.self) == "\n\n" + frame)
  }

  @Test func `words of a text are not taken for words of the format`() throws {
    let text =
      #"data: {"choices":[{"index":0,"delta":{"content":"\"usage\":{\"error\":{\"done\":true}}"},"#
      + #""finish_reason":null}]}"#
    let glance = FrameGlance(Array(text.utf8)[6...], of: .openAIChat)
    #expect(!glance.bearsUsage && !glance.bearsError && !glance.bearsEnd)
  }

  @Test func `lines that end too early have no empty one before the error`() throws {
    for whole in [true, false] {
      var tap = try #require(StreamTap(.ollamaChat))
      let line = #"{"model":"m","message":{"role":"assistant","content":"a"},"done":false}"#
      var output = Array(tap.receive(Array((line + (whole ? "\n" : "")).utf8)[...]))
      output += tap.end()
      let lines = String(decoding: output, as: UTF8.self).split(
        separator: "\n",
        omittingEmptySubsequences: false
      )
      #expect(lines.count == 3)
      #expect(lines[1].hasPrefix(#"{"error":"#))
      #expect(lines[2].isEmpty)
    }
  }
}
