import Foundation
import Testing

@testable import Inference

/// The vocabularies of llama.cpp with what their models' own tokenizers make of some fifty texts.
@Suite struct VocabularyTests {
  static var areThere: Bool { RealFiles.vocabularies.count > 10 }

  static func path(_ name: String) -> String? {
    RealFiles.vocabularies.first { $0.hasSuffix("/ggml-vocab-\(name).gguf") }
  }

  static let names = [
    "bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4", "gpt-2",
    "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2", "qwen35", "refact", "starcoder",
  ]

  @Test(
    .enabled(if: areThere, "llama.cpp's vocabularies are not fetched"),
    arguments: names
  )
  func `a vocabulary's texts become the tokens that its model was trained with`(
    name: String
  ) throws {
    let path = try #require(Self.path(name))
    let tokenizer = try Tokenizer(gguf: GGUFFile(path: path))
    // As tests/test-tokenizer-0.cpp reads them: both files end with what separates.
    let texts = try String(contentsOfFile: path + ".inp", encoding: .utf8)
      .components(separatedBy: "\n__ggml_vocab_test__\n")
    let lines = try String(contentsOfFile: path + ".out", encoding: .utf8)
      .components(separatedBy: "\n")
    var count = 0
    for (text, line) in zip(texts, lines) where !(text.isEmpty && line.isEmpty) {
      let wanted = line.split(separator: " ").compactMap { Int32($0) }
      #expect(
        tokenizer.encode(text, addSpecial: false, parseSpecial: false) == wanted,
        "\(text.debugDescription)"
      )
      count += 1
    }
    #expect(count >= 40)
  }
}
