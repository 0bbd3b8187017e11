import Testing

@testable import Dialects

/// What somebody makes large must not take more than its share of time: each of these would run for
/// minutes if a step of it were taken once for every other.
@Suite struct BoundTests {
  @Test func `an event of very many lines is joined in one pass`() {
    var splitter = FrameSplitter(.serverSentEvents)
    let line = Array("data:x\n".utf8)
    var count = 0
    for _ in 0..<200 {
      let piece = Array((0..<1000).map { _ in line }.joined())
      count += splitter.receive(piece[...])?.count ?? 1
    }
    let frames = splitter.receive([0x0A])
    #expect(count == 0 && frames?.count == 1)
    #expect(frames?.first?.data.count == 400_000 - 1)
  }

  @Test func `a large frame that comes in small pieces is not copied with each`() throws {
    var tap = try #require(StreamTap(.openAIChat, hidesUsage: true))
    let piece = Array(repeating: UInt8(ascii: "x"), count: 256)
    _ = tap.receive(Array("data: {\"a\":\"".utf8)[...])
    for _ in 0..<40_000 { #expect(tap.receive(piece[...]).isEmpty) }
    let end = tap.receive(Array("\"}\n\n".utf8)[...])
    #expect(end.count == 40_000 * 256 + 16)
  }

  @Test func `very many calls and results are paired in one pass`() {
    var pairing = CallPairing()
    for index in 0..<50_000 {
      _ = pairing.call(index % 2 == 0 ? "id\(index)" : nil, "f\(index % 3)")
    }
    for index in stride(from: 49_998, through: 0, by: -2) {
      #expect(pairing.answer("id\(index)", nil) == "id\(index)")
    }
    #expect(pairing.answer(nil, "f1") == "call_2")
    #expect(pairing.answer(nil, "f0") == "call_4")
    #expect(pairing.answer(nil, "unknown") == "call_6")
    #expect(pairing.answer(nil, nil) == "call_8")
  }

  @Test func `very many parts of one message are written in one pass`() throws {
    let refusals = String(repeating: #"{"type":"refusal","refusal":"x"},"#, count: 50_000)
    let body =
      #"{"model":"m","messages":[{"role":"assistant","content":["# + refusals
      + #"{"type":"refusal","refusal":"x"}]}]}"#
    let request = try Translation.decode(Array(body.utf8), from: .openAIChat)
    let options = TranslationOptions(losses: .drop)
    let result = try Translation.encode(request, to: .openAIChat, options)
    #expect(result.body.count > 50_000)
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropic, .ollamaChat])
  func `an answer of too many parts breaks`(client: Dialect) throws {
    var stream = try #require(
      StreamTranslator(from: .openAIChat, to: client, context: AnswerContext(now: 0))
    )
    let chunks = (0..<3000).map { _ in
      """
      data: {"choices":[{"index":0,"delta":{"content":"a","refusal":"b"}}]}\n\n
      """
    }
    _ = stream.receive(Array(chunks.joined().utf8)[...])
    guard case .failed(let error) = stream.state else {
      Issue.record("\\(stream.state)")
      return
    }
    #expect(error.message == "the answer has too many parts")
  }
}
