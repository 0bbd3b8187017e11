import CKernels

/// A BERT that turns texts into vectors, such as all-MiniLM-L6-v2: the mean over the tokens of what the
/// last layer says, scaled to length 1.
///
/// Several texts are computed as one long row of tokens, without padding between them: each token
/// needs its own text only in attention.
package final class SentenceEncoder: Sendable {
  /// What the weights do not say.
  package struct Options: Sendable {
    package var heads = 12
    /// Tokens of a text, what stands around it among them; the rest is cut off.
    package var limit = 256
    package var epsilon: Float = 1e-12
    /// Tokens that are computed at once, unless one text has more. With more, the numbers between two
    /// layers leave the cache; with fewer, weights are read more often.
    package var batch = 320

    package init() {}
  }

  private struct Norm: Sendable {
    let scale: [Float]
    let shift: [Float]
  }

  private struct Layer: Sendable {
    let attention: DenseLayer
    let output: DenseLayer
    let outputNorm: Norm
    let up: DenseLayer
    let down: DenseLayer
    let downNorm: Norm
  }

  /// Numbers of a vector.
  package let width: Int
  package let tokenizer: SentenceTokenizer
  private let options: Options
  private let limit: Int
  private let inner: Int
  private let level: ck_level
  private let words: SafetensorsFile.Tensor
  /// What each place adds to a word, the first kind of text being in it.
  private let places: [Float]
  private let norm: Norm
  private let layers: [Layer]

  package convenience init(
    modelPath: String,
    vocabularyPath: String,
    options: Options = Options()
  ) throws(EmbeddingError) {
    let model: SafetensorsFile
    do { model = try SafetensorsFile(path: modelPath) } catch { throw .model(error) }
    let vocabulary: MappedFile
    do { vocabulary = try MappedFile(path: vocabularyPath) } catch {
      throw .unreadable(error.description)
    }
    try self.init(model, SentenceTokenizer(vocabulary: vocabulary.bytes), options: options)
  }

  /// `level`: instructions that are used at most.
  init(
    _ model: SafetensorsFile,
    _ tokenizer: SentenceTokenizer,
    options: Options = Options(),
    level: ck_level = ck_machine_level()
  ) throws(EmbeddingError) {
    let reader = WeightReader(model)
    self.tokenizer = tokenizer
    self.options = options
    self.level = level
    words = try reader.matrix("embeddings.word_embeddings.weight")
    width = words.shape[1]
    let width = width
    guard width > 0, options.heads > 0, width % options.heads == 0 else {
      throw .shape(tensor: words.name, words.shape, expected: [words.shape[0], 384])
    }
    guard tokenizer.count <= words.shape[0] else {
      throw .vocabulary("has \(tokenizer.count) tokens, but the model \(words.shape[0])")
    }
    let positions = try reader.matrix("embeddings.position_embeddings.weight", width: width)
    let kinds = try reader.numbers("embeddings.token_type_embeddings.weight", width: width)
    limit = min(options.limit, positions.shape[0])
    guard limit >= 2 else {
      throw .shape(tensor: positions.name, positions.shape, expected: [512, width])
    }
    var places = try reader.numbers(positions.name, width: width)
    for index in places.indices { places[index] += kinds[index % width] }
    self.places = places

    func norm(_ name: String) throws(EmbeddingError) -> Norm {
      Norm(
        scale: try reader.vector("\(name).weight", count: width),
        shift: try reader.vector("\(name).bias", count: width)
      )
    }
    func dense(
      _ names: String...,
      rows: Int,
      width: Int
    ) throws(EmbeddingError) -> DenseLayer {
      var parts: [(weights: SafetensorsFile.Tensor, bias: [Float])] = []
      for name in names {
        let weights = try reader.matrix("\(name).weight", rows: rows, width: width)
        parts.append((weights, try reader.vector("\(name).bias", count: rows)))
      }
      return DenseLayer(parts, width: width, level: level)
    }
    self.norm = try norm("embeddings.LayerNorm")
    inner = try reader.matrix("encoder.layer.0.intermediate.dense.weight", width: width).shape[0]
    var layers: [Layer] = []
    while model.tensors["encoder.layer.\(layers.count).output.dense.weight"] != nil {
      let prefix = "encoder.layer.\(layers.count)"
      let own = "\(prefix).attention.self"
      layers.append(
        Layer(
          attention: try dense(
            "\(own).query",
            "\(own).key",
            "\(own).value",
            rows: width,
            width: width
          ),
          output: try dense("\(prefix).attention.output.dense", rows: width, width: width),
          outputNorm: try norm("\(prefix).attention.output.LayerNorm"),
          up: try dense("\(prefix).intermediate.dense", rows: inner, width: width),
          down: try dense("\(prefix).output.dense", rows: width, width: inner),
          downNorm: try norm("\(prefix).output.LayerNorm")
        )
      )
    }
    self.layers = layers
  }

  /// The tokens of a text as it is computed.
  package func tokens(of text: String) -> [Int32] { tokenizer.encode(text, limit: limit) }

  /// A vector of length 1 for each text.
  package func embed(_ texts: [String]) -> [[Float]] {
    var result: [[Float]] = []
    result.reserveCapacity(texts.count)
    var batch: [[Int32]] = []
    var count = 0
    var memory: Memory?
    func flush() {
      guard count > 0 else { return }
      let known = memory.flatMap { $0.tokens >= count ? $0 : nil }
      let space = known ?? Memory(tokens: max(count, options.batch), self)
      memory = space
      result += compute(batch, count, space)
      batch.removeAll(keepingCapacity: true)
      count = 0
    }
    for text in texts {
      let tokens = tokens(of: text)
      if count + tokens.count > options.batch { flush() }
      batch.append(tokens)
      count += tokens.count
    }
    flush()
    return result
  }

  // MARK: Computing

  /// What a batch needs besides the weights.
  private struct Memory {
    let tokens: Int
    let state: FloatBlock
    let wide: FloatBlock
    let narrow: FloatBlock
    let scratch: FloatBlock

    init(tokens: Int, _ encoder: SentenceEncoder) {
      let width = encoder.width
      self.tokens = tokens
      state = FloatBlock(count: tokens * width)
      wide = FloatBlock(count: tokens * max(3 * width, encoder.inner))
      narrow = FloatBlock(count: tokens * width)
      let head = width / encoder.options.heads
      scratch = FloatBlock(count: ck_encoder_attention_scratch(encoder.limit, head))
    }
  }

  private func compute(_ texts: [[Int32]], _ count: Int, _ memory: Memory) -> [[Float]] {
    let state = memory.state.start
    begin(texts, state)
    apply(norm, state, nil, count)
    let heads = options.heads
    for layer in layers {
      layer.attention.apply(state, tokens: count, to: memory.wide.start)
      var first = 0
      for text in texts {
        ck_encoder_attention(
          memory.wide.start + first * 3 * width,
          3 * width,
          text.count,
          heads,
          width / heads,
          memory.scratch.start,
          memory.narrow.start + first * width,
          width,
          level
        )
        first += text.count
      }
      layer.output.apply(memory.narrow.start, tokens: count, to: memory.wide.start)
      apply(layer.outputNorm, state, memory.wide.start, count)
      layer.up.apply(state, tokens: count, to: memory.wide.start)
      ck_encoder_gelu(memory.wide.start, count * inner, level)
      layer.down.apply(memory.wide.start, tokens: count, to: memory.narrow.start)
      apply(layer.downNorm, state, memory.narrow.start, count)
    }
    return means(texts, state)
  }

  /// Words and places.
  private func begin(_ texts: [[Int32]], _ state: UnsafeMutablePointer<Float>) {
    var row = state
    for text in texts {
      for (place, token) in text.enumerated() {
        let offset = Int(token) * width * 4
        for index in 0..<width {
          let word = words.bytes.loadUnaligned(fromByteOffset: offset + index * 4, as: Float.self)
          row[index] = word + places[place * width + index]
        }
        row += width
      }
    }
  }

  private func apply(
    _ norm: Norm,
    _ state: UnsafeMutablePointer<Float>,
    _ added: UnsafePointer<Float>?,
    _ count: Int
  ) {
    ck_encoder_norm(
      state,
      added,
      norm.scale,
      norm.shift,
      options.epsilon,
      count,
      width,
      state,
      level
    )
  }

  private func means(_ texts: [[Int32]], _ state: UnsafeMutablePointer<Float>) -> [[Float]] {
    var row = UnsafePointer(state)
    return texts.map { text in
      var mean = [Float](repeating: 0, count: width)
      for _ in text {
        for index in 0..<width { mean[index] += row[index] }
        row += width
      }
      let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { for index in mean.indices { mean[index] /= length } }
      return mean
    }
  }
}
