import Testing

@testable import Dialects

@Suite struct StreamTranslatorTests {
  private func translator(
    _ upstream: Dialect,
    _ client: Dialect,
    bounds: StreamBounds = StreamBounds()
  ) throws -> StreamTranslator {
    let context = AnswerContext(now: 0)
    return try #require(
      StreamTranslator(from: upstream, to: client, context: context, bounds: bounds)
    )
  }

  @Test(
    arguments: [
      (Dialect.openAIChat, #"{"error":{"message":"no such model","code":"model_not_found"}}"#),
      (
        .anthropic,
        #"{"type":"error","error":{"type":"not_found_error","message":"no such model"}}"#
      ),
      (
        .gemini,
        "[{\n \"error\":{\"code\":404,\"message\":\"no such model\",\"status\":\"NOT_FOUND\"}}]\n"
      ),
      (.ollamaChat, #"{"error":"no such model"}"#),
    ]
  )
  func `a plain body in place of a stream is read as the error that it is`(
    upstream: Dialect,
    body: String
  ) throws {
    var stream = try translator(upstream, .anthropic)
    var output: [UInt8] = []
    for byte in body.utf8 { output += stream.receive([byte]) }
    output += stream.end()
    guard case .failed(let error) = stream.state else {
      Issue.record("\(stream.state)")
      return
    }
    #expect(error.message == "no such model")
    #expect(upstream == .ollamaChat || error.kind == .notFound)
    #expect(String(decoding: output, as: UTF8.self).contains("no such model"))
  }

  @Test func `after its end a stream takes and gives nothing more`() throws {
    var stream = try translator(.ollamaChat, .openAIChat)
    let body = #"{"model":"m","message":{"content":"a"},"done":true,"done_reason":"stop"}"# + "\n"
    let output = stream.receive(Array((body + body).utf8)[...])
    #expect(stream.state == .complete(.end))
    let text = String(decoding: output, as: UTF8.self)
    #expect(text.split(separator: "[DONE]").count == 2)
    #expect(stream.receive(Array(body.utf8)[...]).isEmpty)
    #expect(stream.end().isEmpty)
    #expect(stream.fail(.truncated).isEmpty)
  }

  @Test func `the gateway can end a stream itself`() throws {
    var stream = try translator(.anthropic, .ollamaChat)
    let output = stream.fail(ProviderError(.timeout, "too slow"))
    #expect(String(decoding: output, as: UTF8.self) == "{\"error\":\"too slow\"}\n")
    #expect(stream.end().isEmpty)
  }

  @Test func `a stream that is larger than its bounds breaks`() throws {
    var bounds = StreamBounds()
    bounds.frame = 50
    var stream = try translator(.openAIChat, .openAIChat, bounds: bounds)
    _ = stream.receive(Array("data: \(String(repeating: "x", count: 60))".utf8)[...])
    #expect(stream.state == .failed(.tooLong))
    bounds = StreamBounds()
    bounds.answer = 10
    stream = try translator(.ollamaChat, .ollamaChat, bounds: bounds)
    let line = #"{"message":{"content":"four"},"done":false}"# + "\n"
    _ = stream.receive(Array(String(repeating: line, count: 3).utf8)[...])
    guard case .failed(let error) = stream.state else {
      Issue.record("\(stream.state)")
      return
    }
    #expect(error.message == "the answer is too long")
    #expect(stream.outputTokensAtMost == 12)
  }

  @Test func `what to charge is the provider's count, or at least every byte that came`() throws {
    var stream = try translator(.ollamaChat, .openAIChat)
    let line = #"{"message":{"content":"abcdef"},"done":false}"# + "\n"
    _ = stream.receive(Array(line.utf8)[...])
    #expect(stream.outputTokensAtMost == 6)
    let end = #"{"message":{"content":""},"done":true,"prompt_eval_count":9,"eval_count":2}"# + "\n"
    _ = stream.receive(Array(end.utf8)[...])
    #expect(stream.outputTokensAtMost == 2)
    #expect(stream.usage?.input == 9)
  }
}
