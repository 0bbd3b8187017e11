@testable import Inference

/// A model of random numbers, small enough to answer thousands of tokens a second in a test.
enum TinyModel {
  static let vocabulary = 96
  static let contextLength = 256

  /// Qwen 3's shape, in f32.
  static func writer() -> GGUFWriter {
    var writer = GGUFWriter()
    writer.keys = [
      ("general.architecture", .text("qwen3")), ("qwen3.block_count", .uint32(2)),
      ("qwen3.embedding_length", .uint32(64)), ("qwen3.feed_forward_length", .uint32(96)),
      ("qwen3.attention.head_count", .uint32(4)), ("qwen3.attention.head_count_kv", .uint32(2)),
      ("qwen3.attention.key_length", .uint32(32)), ("qwen3.attention.value_length", .uint32(32)),
      ("qwen3.attention.layer_norm_rms_epsilon", .float32(1e-5)),
      ("qwen3.rope.freq_base", .float32(10_000)),
      ("qwen3.context_length", .uint32(UInt32(contextLength))),
    ]
    var random = RandomStream(seed: 11)
    func tensor(_ name: String, _ shape: [UInt64], size: Double) -> GGUFWriter.Tensor {
      let count = shape.reduce(1, *)
      let data = (0..<count).flatMap { _ in
        let number = shape.count == 1 ? 1 : (random.fraction() - 0.5) * size
        return withUnsafeBytes(of: Float(number).bitPattern.littleEndian, Array.init)
      }
      return GGUFWriter.Tensor(name, shape: shape, data: data)
    }
    writer.tensors = [
      tensor("token_embd.weight", [64, UInt64(vocabulary)], size: 4),
      tensor("output.weight", [64, UInt64(vocabulary)], size: 2),
      tensor("output_norm.weight", [64], size: 1),
    ]
    for layer in 0..<2 {
      let prefix = "blk.\(layer)."
      for (name, shape) in [
        ("attn_norm", [64]), ("attn_q", [64, 128]), ("attn_k", [64, 64]), ("attn_v", [64, 64]),
        ("attn_q_norm", [32]), ("attn_k_norm", [32]), ("attn_output", [128, 64]),
        ("ffn_norm", [64]), ("ffn_gate", [64, 96]), ("ffn_up", [64, 96]), ("ffn_down", [96, 64]),
      ] as [(String, [UInt64])] {
        writer.tensors.append(tensor(prefix + name + ".weight", shape, size: 0.5))
      }
    }
    return writer
  }

  static func model() throws -> Model {
    try Model(file: GGUFFile(bytes: writer().bytes))
  }

  /// Token `t` is the character `t` of ASCII, from a space on; 95 ends an answer.
  static let text = TokenText(ends: [95]) { [UInt8(clamping: $0 + 32)] }

  static func engine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
    var options = EngineOptions()
    change(&options)
    return try Engine(model: model(), text: text, options: options)
  }

  /// A prompt that is the same for the same seed.
  static func prompt(_ count: Int, seed: UInt64) -> [Int32] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in Int32(random.next() % 95) }
  }
}

extension Outcome {
  /// Of a request that has an engine for itself.
  init(alone request: GenerationRequest) async throws {
    let engine = try TinyModel.engine()
    await self.init(try engine.generate(request))
    withExtendedLifetime(engine) {}
  }
}

/// All that came of an answer.
struct Outcome: Equatable {
  var tokens: [Int32] = []
  var text = ""
  var reused = 0
  var reason: GenerationEnd.Reason?
  var logprobs: [Float] = []

  init(_ generation: Generation) async {
    for await event in generation.events {
      switch event {
      case .started(_, let reused): self.reused = reused
      case .token(let token):
        tokens.append(token.token)
        text += token.text
        if let logprob = token.logprob { logprobs.append(logprob) }
      case .text(let text): self.text += text
      case .ended(let end): reason = end.reason
      }
    }
  }
}

extension GenerationRequest {
  /// Drawn from a seed, for so many tokens whatever they are.
  init(_ prompt: [Int32], limit: Int) {
    self.init(prompt: prompt)
    self.limit = limit
    sampling.seed = 3
    ignoresEnds = true
  }
}
