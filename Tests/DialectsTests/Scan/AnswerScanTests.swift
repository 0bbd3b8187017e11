import Testing

@testable import Dialects

@Suite struct AnswerScanTests {
  @Test(arguments: Golden.inputs(in: "answers", of: GoldenTests.upstreams))
  func `an answer scans as it decodes`(input: Golden.Input) throws {
    let bytes = try input.bytes()
    guard let decoded = try? Translation.decodeAnswer(bytes, from: input.dialect) else {
      #expect(throws: ProviderError.self) { try AnswerScan(bytes, dialect: input.dialect) }
      return
    }
    let scan = try AnswerScan(bytes, dialect: input.dialect)
    #expect(scan.usage == decoded.usage)
    if decoded.stop != .toolCalls, decoded.stop != .refusal { #expect(scan.stop == decoded.stop) }
    #expect(scan.textBytes >= decoded.textBytes)
  }

  @Test(
    arguments: [
      (
        Dialect.openAIResponses,
        #"{"id":"r","status":"completed","error":null,"output":[],"usage":{"input_tokens":9,"output_tokens":2}}"#,
        9
      ), (.openAIEmbeddings, #"{"data":[],"usage":{"prompt_tokens":5,"total_tokens":5}}"#, 5),
      (.ollamaEmbed, #"{"embeddings":[[1]],"prompt_eval_count":4}"#, 4),
      (
        .openAICompletions,
        #"{"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":3}}"#, 3
      ),
    ]
  )
  func `usage is found in each dialect`(dialect: Dialect, body: String, input: Int) throws {
    #expect(try AnswerScan(Array(body.utf8), dialect: dialect).usage?.input == input)
  }

  @Test func `the header of losses is plain and short`() {
    let losses = [Loss("messages[0]", "no"), Loss("a\r\nb: é", "x")]
    #expect(Loss.header(losses) == "messages[0] (no), a??b: ? (x)")
    let many = (0..<200).map { Loss("messages[\($0)]", "has no counterpart") }
    #expect(Loss.header(many).utf8.count <= 1024)
    #expect(Loss.header(many).hasSuffix(", and more"))
  }
}
