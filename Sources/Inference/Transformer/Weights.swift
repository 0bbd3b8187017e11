import CKernels

/// The tensors of a model, each held against the shape that says how long it has to be.
package final class Weights: Sendable {
  let embedding: WeightMatrix
  /// Where the embedding's rows are looked up, if nothing else reads there.
  let lookup: GGUFTensor?
  /// The embedding once more where the file has no other.
  let output: WeightMatrix
  let outputNorm: Vector
  let layers: [Layer]
  /// What divides the angles of each pair (Llama 3).
  let rotationDivisors: [Float]?

  /// One layer: attention, then the feed-forward part.
  struct Layer: Sendable {
    let attentionNorm: Vector
    var query: Projection
    var key: Projection
    var value: Projection
    let queryNorm: Vector?
    let keyNorm: Vector?
    var attentionOutput: Projection
    let attentionResultNorm: Vector?
    let innerNorm: Vector
    var gate: Projection
    var up: Projection
    var down: Projection
    let innerResultNorm: Vector?
  }

  /// A matrix and what is added to what it gives.
  struct Projection: Sendable {
    var matrix: WeightMatrix
    let bias: Vector?
    /// What the matrix is the whole of; nil if it is a part.
    var tensor: GGUFTensor?
  }

  /// - Parameter packed: gives the packed forms of the matrices that need one, in their order.
  init(
    of file: GGUFFile,
    shape: ModelShape,
    packed: ([Packing.Loose]) throws(ModelError) -> [WeightMatrix]
  ) throws(ModelError) {
    for name in ["rope_factors_long.weight", "rope_factors_short.weight"]
    where file.tensors[name] != nil || file.tensors["blk.0." + name] != nil {
      throw .unsupported("positions scaled by the factors in '\(name)'")
    }
    let reader = TensorReader(file: file)
    embedding = try reader.matrix("token_embd.weight", shape.vocabulary, shape.width)
    outputNorm = try reader.vector("output_norm.weight", shape.width)
    rotationDivisors = try reader.optional("rope_freqs.weight", shape.rotation.size / 2)?.numbers
    var output =
      file.tensors["output.weight"] == nil
      ? embedding : try reader.matrix("output.weight", shape.vocabulary, shape.width)
    var layers: [Layer] = []
    for index in 0..<shape.layers {
      layers.append(try reader.layer(index, shape))
    }
    let outputTensor = file.tensors["output.weight"] ?? file.tensors["token_embd.weight"]
    var loose: [Packing.Loose] =
      output.isPacked ? [] : [Packing.Loose(matrix: output, tensor: outputTensor)]
    for layer in layers {
      loose += Layer.projections.map { layer[keyPath: $0] }.filter { !$0.matrix.isPacked }
        .map { Packing.Loose(matrix: $0.matrix, tensor: $0.tensor) }
    }
    let isShared = output.isPacked && file.tensors["output.weight"] == nil
    lookup = isShared ? nil : file.tensors["token_embd.weight"]
    var ready = try packed(loose)[...]
    if !output.isPacked, let matrix = ready.popFirst() { output = matrix }
    for index in layers.indices {
      for path in Layer.projections where !layers[index][keyPath: path].matrix.isPacked {
        if let matrix = ready.popFirst() { layers[index][keyPath: path].matrix = matrix }
      }
    }
    self.output = output
    self.layers = layers
  }
}

extension Weights.Layer {
  static var projections: [WritableKeyPath<Self, Weights.Projection>] {
    [\.query, \.key, \.value, \.attentionOutput, \.gate, \.up, \.down]
  }
}

/// Tensors of one file by name.
private struct TensorReader {
  let file: GGUFFile

  func layer(_ index: Int, _ shape: ModelShape) throws(ModelError) -> Weights.Layer {
    let prefix = "blk.\(index)."
    let (query, key, value) = try attention(prefix, shape)
    let (gate, up) = try gates(prefix, shape)
    let architecture = shape.architecture
    return Weights.Layer(
      attentionNorm: try vector(prefix + "attn_norm.weight", shape.width),
      query: query,
      key: key,
      value: value,
      queryNorm: architecture.normsHeads
        ? try vector(prefix + "attn_q_norm.weight", shape.headSize) : nil,
      keyNorm: architecture.normsHeads
        ? try vector(prefix + "attn_k_norm.weight", shape.headSize) : nil,
      attentionOutput: try projection(prefix + "attn_output", shape.width, shape.queryWidth),
      attentionResultNorm: architecture.normsResults
        ? try vector(prefix + "post_attention_norm.weight", shape.width) : nil,
      innerNorm: try vector(prefix + "ffn_norm.weight", shape.width),
      gate: gate,
      up: up,
      down: try projection(prefix + "ffn_down", shape.width, shape.innerWidth),
      innerResultNorm: architecture.normsResults
        ? try vector(prefix + "post_ffw_norm.weight", shape.width) : nil
    )
  }

  private func attention(
    _ prefix: String,
    _ shape: ModelShape
  ) throws(ModelError) -> (Weights.Projection, Weights.Projection, Weights.Projection) {
    guard file.tensors[prefix + "attn_qkv.weight"] != nil else {
      return (
        try projection(prefix + "attn_q", shape.queryWidth, shape.width),
        try projection(prefix + "attn_k", shape.cacheWidth, shape.width),
        try projection(prefix + "attn_v", shape.cacheWidth, shape.width)
      )
    }
    let parts = try parts(
      prefix + "attn_qkv",
      [shape.queryWidth, shape.cacheWidth, shape.cacheWidth],
      shape.width
    )
    return (parts[0], parts[1], parts[2])
  }

  private func gates(
    _ prefix: String,
    _ shape: ModelShape
  ) throws(ModelError) -> (Weights.Projection, Weights.Projection) {
    guard shape.architecture.isFused else {
      return (
        try projection(prefix + "ffn_gate", shape.innerWidth, shape.width),
        try projection(prefix + "ffn_up", shape.innerWidth, shape.width)
      )
    }
    let parts = try parts(prefix + "ffn_up", [shape.innerWidth, shape.innerWidth], shape.width)
    return (parts[0], parts[1])
  }

  private func projection(
    _ name: String,
    _ rows: Int,
    _ columns: Int
  ) throws(ModelError) -> Weights.Projection {
    Weights.Projection(
      matrix: try matrix(name + ".weight", rows, columns),
      bias: try optional(name + ".bias", rows),
      tensor: file.tensors[name + ".weight"]
    )
  }

  /// Matrices that lie one below the other in one tensor.
  private func parts(
    _ name: String,
    _ rows: [Int],
    _ columns: Int
  ) throws(ModelError) -> [Weights.Projection] {
    let tensor = try tensor(name + ".weight", [columns, rows.reduce(0, +)])
    guard file.tensors[name + ".bias"] == nil else { throw .unsupported("a bias '\(name).bias'") }
    var parts: [Weights.Projection] = []
    var first = 0
    for count in rows {
      let range = first..<(first + count)
      guard let matrix = WeightMatrix(tensor: tensor, rows: range) else {
        throw .noKernel(tensor: name, type: tensor.type.name)
      }
      parts.append(Weights.Projection(matrix: matrix, bias: nil))
      first += count
    }
    return parts
  }

  func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> WeightMatrix {
    let tensor = try tensor(name, [columns, rows])
    guard let matrix = WeightMatrix(tensor: tensor, rows: 0..<rows) else {
      throw .noKernel(tensor: name, type: tensor.type.name)
    }
    return matrix
  }

  func vector(_ name: String, _ count: Int) throws(ModelError) -> Vector {
    Vector(try tensor(name, [count]))
  }

  func optional(_ name: String, _ count: Int) throws(ModelError) -> Vector? {
    file.tensors[name] == nil ? nil : try vector(name, count)
  }

  private func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> GGUFTensor {
    let tensor: GGUFTensor
    do {
      tensor = try file.tensor(name)
    } catch {
      throw .tensor("\(error)")
    }
    var found = tensor.shape
    while found.count > shape.count, found.last == 1 { found.removeLast() }
    guard found == shape else {
      throw .wrongShape(tensor: name, found: tensor.shape, expected: shape)
    }
    return tensor
  }
}
