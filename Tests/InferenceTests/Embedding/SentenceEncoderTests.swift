import CKernels
import Foundation
import Testing

@testable import Inference

@Suite struct SentenceEncoderTests {
  private static let vocabulary = RealFiles.minilm.map {
    $0.replacingOccurrences(of: "model.safetensors", with: "vocab.txt")
  }

  private struct Sample {
    var text: String
    var ids: [Int32]
    var vector: [Float]
  }

  private func samples() throws -> [Sample] {
    let lines = MiniLMGolden.lines.split(separator: "\n")
    return try stride(from: 0, to: lines.count, by: 3).map { index in
      Sample(
        text: try JSONDecoder().decode(String.self, from: Data(lines[index].utf8)),
        ids: lines[index + 1].split(separator: " ").compactMap { Int32($0) },
        vector: lines[index + 2].split(separator: " ").compactMap { Float($0) }
      )
    }
  }

  private func encoder(_ level: ck_level = ck_machine_level()) throws -> SentenceEncoder {
    let vocabulary = try MappedFile(path: #require(Self.vocabulary))
    return try SentenceEncoder(
      SafetensorsFile(path: #require(RealFiles.minilm)),
      SentenceTokenizer(vocabulary: vocabulary.bytes),
      level: level
    )
  }

  @Test(.enabled(if: RealFiles.minilm != nil, "all-MiniLM-L6-v2 is not fetched"))
  func `texts become the tokens and vectors of the reference`() throws {
    let encoder = try encoder()
    let samples = try samples()
    #expect(samples.count == 26)
    let vectors = encoder.embed(samples.map(\.text))
    for (sample, vector) in zip(samples, vectors) {
      #expect(encoder.tokens(of: sample.text) == sample.ids, "\(sample.text)")
      let length = vector.reduce(0) { $0 + $1 * $1 }
      #expect(vector.count == 384 && abs(length - 1) < 1e-5)
      let furthest = zip(vector, sample.vector).map { abs($0 - $1) }.max() ?? 1
      #expect(furthest < 2e-5 && sample.vector.count == 16, "\(sample.text)")
    }
    // What else is computed beside a text does not matter.
    let alone = encoder.embed([samples[3].text])[0]
    #expect(zip(alone, vectors[3]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test(
    .enabled(if: RealFiles.minilm != nil, "all-MiniLM-L6-v2 is not fetched"),
    arguments: [CK_LEVEL_PORTABLE, CK_LEVEL_AVX2].filter {
      $0.rawValue < ck_machine_level().rawValue
    }
  )
  func `every level of instructions says the same`(level: ck_level) throws {
    let texts = try samples().prefix(6).map(\.text)
    let vectors = try encoder(level).embed(texts)
    let best = try encoder().embed(texts)
    for (vector, other) in zip(vectors, best) {
      #expect(zip(vector, other).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test func `a vocabulary without what stands around a text is refused`() {
    let lines = Array("[PAD]\n[UNK]\n[CLS]\nword\n".utf8)
    #expect(throws: EmbeddingError.vocabulary("has no line [SEP]")) {
      try lines.withUnsafeBytes { try SentenceTokenizer(vocabulary: $0) }
    }
  }
}
