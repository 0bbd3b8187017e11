import Testing

@testable import Inference

@Suite struct ForwardTests {
  /// The tiny model as Gemma 3 has it: norms behind each part of a layer, and windows of 40 positions.
  private func windowed() throws -> Model {
    var writer = TinyModel.writer()
    writer.keys = writer.keys.map { key, value in
      (key.hasPrefix("qwen3.") ? "gemma3." + key.dropFirst(6) : key, value)
    }
    writer.keys[0].1 = .text("gemma3")
    writer.keys.append(("gemma3.attention.sliding_window", .uint32(40)))
    for layer in 0..<2 {
      guard let norm = writer.tensors.first(where: { $0.name == "blk.\(layer).attn_norm.weight" })
      else { continue }
      for name in ["post_attention_norm", "post_ffw_norm"] {
        let name = "blk.\(layer).\(name).weight"
        writer.tensors.append(GGUFWriter.Tensor(name, shape: norm.shape, data: norm.data))
      }
    }
    return try Model(file: GGUFFile(bytes: writer.bytes))
  }

  private func forward(_ model: Model) throws -> Forward {
    let layout = CacheLayout(model.shape, form: .f16, positions: 256)
    let cache = KVCache(layout: layout, slots: 1)
    try #require(cache.open(0))
    return try Forward(
      weights: model.weights,
      shape: model.shape,
      cache: cache,
      team: Team(threads: 1),
      columns: 256,
      outputs: 1
    )
  }

  /// The logits behind a prompt that goes through in parts of such lengths.
  private func logits(_ model: Model, cuts: [Int]) throws -> [Float] {
    let forward = try forward(model)
    let prompt = TinyModel.prompt(cuts.reduce(0, +), seed: 5)
    var logits: [Float] = []
    var position = 0
    for count in cuts {
      let part = prompt[position..<(position + count)]
      let run = Run(slot: 0, position: position, tokens: part, wanted: .last)
      let row = forward.step([run])
      logits = (0..<model.shape.vocabulary).map { row[$0] }
      position += count
    }
    return logits
  }

  /// Of 131 tokens, some with one to three beyond what one thread takes at once.
  static let cuts = [
    [4, 127], [127, 4], [33, 34, 64], [35, 96], [64, 67], [97, 34], [5, 66, 60], [31, 32, 33, 35],
  ]

  @Test func `how a prompt is cut does not show in what comes of it`() throws {
    var models = [try TinyModel.model(), try windowed()]
    if let path = RealFiles.smollm { models.append(try Model(file: GGUFFile(path: path))) }
    for model in models {
      let whole = try logits(model, cuts: [131])
      #expect(whole.allSatisfy { $0.isFinite })
      for cuts in Self.cuts {
        #expect(try logits(model, cuts: cuts) == whole, "\(model.shape.architecture) \(cuts)")
      }
    }
  }

  @Test func `a step that is over ends with the layer that is under way`() throws {
    let forward = try forward(TinyModel.model())
    let run = Run(slot: 0, position: 0, tokens: TinyModel.prompt(10, seed: 1)[...], wanted: .last)
    var asked = 0
    let logits = forward.step([run]) {
      asked += 1
      return asked == 2
    }
    #expect(logits == nil && asked == 2)
    #expect(forward.step([run], isOver: { false }) != nil)
  }
}
