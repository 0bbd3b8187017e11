import Testing

@testable import Dialects

@Suite struct EmbeddingTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test(
    arguments: [
      (
        Dialect.openAIEmbeddings,
        #"{"model":"e","input":["a","b \"q\""],"dimensions":3,"encoding_format":"float"}"#
      ),
      (.ollamaEmbed, #"{"model":"e","input":["a","b \"q\""],"dimensions":3}"#),
      (
        .geminiEmbed,
        #"{"requests":[{"model":"models/e","content":{"parts":[{"text":"a"}]},"outputDimensionality":3},"#
          + #"{"model":"models/e","content":{"parts":[{"text":"b \"q\""}]},"outputDimensionality":3}]}"#
      ),
    ]
  )
  func `texts are written for every upstream`(upstream: Dialect, expected: String) throws {
    for (client, body) in [
      (
        Dialect.openAIEmbeddings,
        #"{"model":"x","input":["a","b \"q\""],"dimensions":3,"encoding_format":"base64"}"#
      ),
      (.ollamaEmbed, #"{"model":"x","input":["a","b \"q\""],"dimensions":3}"#),
    ] {
      let request = try EmbeddingRequest.decode(Array(body.utf8), from: client)
      let written = try request.encode(to: upstream, TranslationOptions(model: "e"))
      #expect(text(written.body) == expected)
      #expect(written.losses.isEmpty)
    }
  }

  private static let answers: [(Dialect, String)] = [
    (
      .openAIEmbeddings,
      #"{"object":"list","data":[{"object":"embedding","index":1,"embedding":[-0.25,1e-3]},"#
        + #"{"object":"embedding","index":0,"embedding":[0.10,2]}],"model":"e","usage":{"prompt_tokens":5,"total_tokens":5}}"#
    ),
    (.ollamaEmbed, #"{"model":"e","embeddings":[[0.10,2],[-0.25,1e-3]],"prompt_eval_count":5}"#),
    (
      .geminiEmbed,
      #"{"embeddings":[{"values":[0.10,2]},{"values":[-0.25,1e-3]}],"usageMetadata":{"promptTokenCount":5}}"#
    ),
  ]

  @Test(arguments: answers.indices)
  func `vectors keep their numbers and their order`(index: Int) throws {
    let (upstream, body) = Self.answers[index]
    let answer = try EmbeddingAnswer.decode(Array(body.utf8), from: upstream)
    #expect(answer.vectors.map(\.text) == ["[0.10,2]", "[-0.25,1e-3]"])
    #expect(answer.usage?.input == 5)
    var request = EmbeddingRequest(model: "e", inputs: ["a", "b"])
    let context = AnswerContext(model: "e", now: 0)
    #expect(
      text(answer.encode(to: .openAIEmbeddings, for: request, context))
        == #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,2]},"#
        + #"{"object":"embedding","index":1,"embedding":[-0.25,1e-3]}],"model":"e","usage":{"prompt_tokens":5,"total_tokens":5}}"#
    )
    #expect(
      text(answer.encode(to: .ollamaEmbed, for: request, context))
        == #"{"model":"e","embeddings":[[0.10,2],[-0.25,1e-3]],"total_duration":1,"load_duration":1,"prompt_eval_count":5}"#
    )
    request.encoding = .base64
    let encoded = text(answer.encode(to: .openAIEmbeddings, for: request, context))
    // struct.pack("<2f", 0.1, 2) and ("<2f", -0.25, 0.001).
    #expect(encoded.contains("\"embedding\":\"zczMPQAAAEA=\""))
    #expect(encoded.contains("\"embedding\":\"AACAvm8Sgzo=\""))
  }

  @Test(arguments: [
    "{}", #"{"data":[]}"#, #"{"data":[{"embedding":["a"]}]}"#, #"{"data":[{"embedding":5}]}"#,
    #"{"error":{"message":"no"}}"#, "[", "",
  ])
  func `an answer without vectors is an error`(body: String) {
    #expect(throws: ProviderError.self) {
      try EmbeddingAnswer.decode(Array(body.utf8), from: .openAIEmbeddings)
    }
  }

  @Test(arguments: [
    "{}", #"{"model":"m"}"#, #"{"model":"m","input":[]}"#, #"{"model":"m","input":[[1,2]]}"#,
    #"{"model":"m","input":"a","encoding_format":"hex"}"#,
  ])
  func `a request without texts is refused`(body: String) {
    #expect(throws: RequestError.self) {
      try EmbeddingRequest.decode(Array(body.utf8), from: .openAIEmbeddings)
    }
  }
}
