import Testing

@testable import Inference

@Suite struct EngineLimitsTests {
  /// One number between layers, and so many within one.
  private func narrow(inner: Int) throws -> Model {
    var writer = GGUFWriter()
    writer.keys = [
      ("general.architecture", .text("llama")), ("llama.block_count", .uint32(1)),
      ("llama.embedding_length", .uint32(1)), ("llama.feed_forward_length", .uint32(UInt32(inner))),
      ("llama.attention.head_count", .uint32(1)), ("llama.attention.key_length", .uint32(32)),
      ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
      ("llama.context_length", .uint32(256)),
    ]
    let inner = UInt64(inner)
    for (name, shape) in [
      ("token_embd", [1, 96]), ("output_norm", [1]), ("blk.0.attn_norm", [1]),
      ("blk.0.attn_q", [1, 32]), ("blk.0.attn_k", [1, 32]), ("blk.0.attn_v", [1, 32]),
      ("blk.0.attn_output", [32, 1]), ("blk.0.ffn_norm", [1]), ("blk.0.ffn_gate", [1, inner]),
      ("blk.0.ffn_up", [1, inner]), ("blk.0.ffn_down", [inner, 1]),
    ] as [(String, [UInt64])] {
      let data = [UInt8](repeating: 0, count: Int(shape.reduce(4, *)))
      writer.tensors.append(GGUFWriter.Tensor(name + ".weight", shape: shape, data: data))
    }
    return try Model(file: GGUFFile(bytes: writer.bytes))
  }

  private func options(parallel: Int) -> EngineOptions {
    var options = EngineOptions()
    options.parallel = parallel
    return options
  }

  @Test func `a small file with the widest layer gets no gigabytes`() throws {
    // Gate, up and what down reads: 12 bytes a number of the layer and token.
    let wide = try narrow(inner: 1 << 17)
    let plan = try MemoryPlan(model: wide, options: options(parallel: 1))
    #expect((32 << 20...64 << 20).contains(plan.work), "\(plan.work)")
    let limits = try EngineLimits(options(parallel: 1), model: wide)
    #expect((StepPlan.least...40).contains(limits.chunk), "\(limits.chunk)")
    let widest = try narrow(inner: 1 << 20)
    let error = #expect(throws: EngineError.self) {
      try MemoryPlan(model: widest, options: options(parallel: 1))
    }
    #expect(error.map { "\($0)".contains("lower parallel") } == true)
  }

  @Test func `small shapes keep their chunks`() throws {
    let limits = try EngineLimits(options(parallel: 8), model: TinyModel.model())
    #expect(limits.chunk == 256 && limits.sharedChunk == 32)
  }
}
