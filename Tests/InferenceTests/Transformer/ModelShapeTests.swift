import Testing

@testable import Inference

@Suite struct ModelShapeTests {
  private func model(_ change: (inout GGUFWriter) -> Void) throws -> Model {
    var writer = TinyModel.writer()
    change(&writer)
    return try Model(file: GGUFFile(bytes: writer.bytes))
  }

  private func set(_ key: String, _ value: GGUFWriter.Value) -> (inout GGUFWriter) -> Void {
    { writer in
      writer.keys.removeAll { $0.0 == key }
      writer.keys.append((key, value))
    }
  }

  @Test func `a shape is what the file says`() throws {
    let shape = try model { _ in }.shape
    #expect(shape.layers == 2 && shape.width == 64 && shape.heads == 4 && shape.cacheHeads == 2)
    #expect(shape.headSize == 32 && shape.innerWidth == 96 && shape.vocabulary == 96)
    #expect(shape.rotation.pairs == .halves && shape.rotation.size == 32)
  }

  @Test(
    arguments: [
      ("qwen3.block_count", .uint32(0)), ("qwen3.block_count", .uint32(.max)),
      ("qwen3.block_count", .int64(-1)), ("qwen3.block_count", .text("2")),
      ("qwen3.embedding_length", .uint64(.max)), ("qwen3.feed_forward_length", .uint64(1 << 40)),
      ("qwen3.attention.head_count", .uint32(3)), ("qwen3.attention.head_count_kv", .uint32(0)),
      ("qwen3.attention.head_count_kv", .uint32(3)), ("qwen3.attention.key_length", .uint32(31)),
      ("qwen3.attention.key_length", .uint32(1024)), ("qwen3.attention.value_length", .uint32(64)),
      ("qwen3.attention.layer_norm_rms_epsilon", .float32(.nan)),
      ("qwen3.attention.layer_norm_rms_epsilon", .float32(0)),
      ("qwen3.rope.freq_base", .float32(.infinity)), ("qwen3.rope.freq_base", .float32(-1)),
      ("qwen3.rope.dimension_count", .uint32(33)), ("qwen3.rope.dimension_count", .uint32(64)),
      ("qwen3.rope.scaling.type", .text("longrope")), ("qwen3.context_length", .uint32(0)),
      ("qwen3.rope.scaling.factor", .float64(.nan)), ("qwen3.expert_count", .uint32(8)),
      ("qwen3.attention.head_count", .list([.uint32(4), .uint32(2)])),
      ("general.architecture", .text("mamba")), ("general.architecture", .uint32(1)),
    ] as [(String, GGUFWriter.Value)]
  )
  func `a number that no model has is an error that names it`(
    key: String,
    value: GGUFWriter.Value
  ) throws {
    let error = #expect(throws: ModelError.self) { try model(set(key, value)) }
    #expect(error.map { "\($0)".count > 20 } == true)
  }

  @Test func `a factor of positions without a type stretches all alike`() throws {
    for key in ["qwen3.rope.scaling.factor", "qwen3.rope.scale_linear"] {
      #expect(try model(set(key, .float32(4))).shape.rotation.scaling == .linear(factor: 4))
      #expect(try model(set(key, .float32(1))).shape.rotation.scaling == .none)
    }
    let none = try model { writer in
      set("qwen3.rope.scaling.factor", .float32(4))(&writer)
      set("qwen3.rope.scaling.type", .text("none"))(&writer)
    }
    #expect(none.shape.rotation.scaling == .none)
  }

  @Test func `layers with a window are those that the file says, and so is the cap of logits`()
    throws
  {
    func gemma(_ changes: [(String, GGUFWriter.Value)]) throws -> ModelShape {
      var writer = TinyModel.writer()
      writer.keys = writer.keys.map { key, value in
        (key.hasPrefix("qwen3.") ? "gemma3." + key.dropFirst(6) : key, value)
      }
      writer.keys[0].1 = .text("gemma3")
      writer.keys += [("gemma3.attention.sliding_window", .uint32(40))] + changes
      return try ModelShape(of: GGUFFile(bytes: writer.bytes))
    }
    let key = "gemma3.attention.sliding_window_pattern"
    func flags(_ text: String) -> (String, GGUFWriter.Value) {
      (key, .list(text.map { .flag($0 == "L") }))
    }
    let usual = try gemma([])
    #expect(usual.window?.period == 6 && usual.outputCap == nil)
    #expect(try gemma([(key, .uint32(4))]).window?.period == 4)
    #expect(try gemma([flags("LLGLLGLL")]).window?.period == 3)
    #expect(try gemma([flags("LL")]).window?.period == 3)
    #expect(try gemma([flags("GG")]).window?.period == 1)
    #expect(throws: ModelError.self) { try gemma([flags("LLGLG")]) }
    #expect(throws: ModelError.self) { try gemma([(key, .uint32(0))]) }
    #expect(try gemma([("gemma3.final_logit_softcapping", .float32(30))]).outputCap == 30)
    #expect(try gemma([("gemma3.final_logit_softcapping", .float32(0))]).outputCap == nil)
  }

  @Test func `every key is needed, or stands for something`() throws {
    let optional = ["qwen3.rope.freq_base", "qwen3.attention.value_length"]
    for (key, _) in TinyModel.writer().keys {
      let remove: (inout GGUFWriter) -> Void = { $0.keys.removeAll { $0.0 == key } }
      if optional.contains(key) {
        #expect(try model(remove).shape == model { _ in }.shape)
      } else {
        #expect(throws: ModelError.self, "\(key)") { try model(remove) }
      }
    }
  }

  @Test func `every tensor is needed, and has the length that the shape says`() throws {
    // Without an output matrix, the embedding is used once more.
    let tensors = TinyModel.writer().tensors
    for index in tensors.indices where tensors[index].name != "output.weight" {
      #expect(throws: ModelError.self) { try model { $0.tensors.remove(at: index) } }
      #expect(throws: ModelError.self) {
        try model {
          let tensor = $0.tensors[index]
          let shape = [tensor.shape[0] + 1] + tensor.shape.dropFirst()
          $0.tensors[index] = GGUFWriter.Tensor(tensor.name, shape: shape)
        }
      }
    }
  }
}
