import Testing

@testable import Inference

@Suite struct GGUFFileTests {
  @Test(.enabled(if: RealFiles.smollm != nil, "SmolLM2 is not fetched"))
  func `SmolLM2 is what it is known to be`() throws {
    let file = try GGUFFile(path: #require(RealFiles.smollm))
    #expect(file.string("general.architecture") == "llama")
    #expect(file.integer("llama.block_count") == 30)
    #expect(file.integer("llama.embedding_length") == 576)
    #expect(file.tensors.count == 272)
    #expect(file.unknown.isEmpty)
    let embedding = try file.tensor("token_embd.weight")
    #expect(embedding.shape == [576, 49_152])
    #expect(embedding.bytes.count == embedding.type.size(of: embedding.shape))
    let tokens = try #require(file.list("tokenizer.ggml.tokens"))
    #expect(tokens.count == 49_152)
    #expect(tokens.text(at: 1).map { String(decoding: $0, as: UTF8.self) } == "<|im_start|>")
    let norm = try file.tensor("output_norm.weight")
    #expect(norm.type == .f32 && norm.shape == [576])
  }

  @Test(.enabled(if: RealFiles.vocabularies.count > 10, "llama.cpp's vocabularies are not fetched"))
  func `each of llama_cpp's vocabularies is read whole`() throws {
    for path in RealFiles.vocabularies {
      let file = try GGUFFile(path: path)
      let tokens = try #require(file.list("tokenizer.ggml.tokens"), "\(path)")
      #expect((0..<tokens.count).allSatisfy { tokens.text(at: $0) != nil })
      #expect(tokens.text(at: tokens.count) == nil)
      #expect(file.tensors.isEmpty)
    }
  }
}
