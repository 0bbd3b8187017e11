import Glibc

extension ModelShape {
  /// The shape that a file's metadata describes.
  package init(of file: GGUFFile) throws(ModelError) {
    let keys = ShapeKeys(file: file)
    guard let name = file.string("general.architecture") else {
      throw .missing(key: "general.architecture")
    }
    guard let architecture = Architecture(rawValue: name) else { throw .unknownArchitecture(name) }
    let prefix = name + "."
    self.architecture = architecture
    layers = try keys.count(prefix + "block_count", 1...1024)
    width = try keys.count(prefix + "embedding_length", 1...65_536)
    innerWidth = try keys.count(prefix + "feed_forward_length", 1...1_048_576)
    heads = try keys.count(prefix + "attention.head_count", 1...1024)
    cacheHeads = try keys.count(prefix + "attention.head_count_kv", 1...1024, or: heads)
    guard heads % cacheHeads == 0 else {
      throw .contradiction("\(heads) heads of queries are no multiple of \(cacheHeads) of keys")
    }
    contextLength = try keys.count(prefix + "context_length", 1...16_777_216)
    headSize = try keys.count(prefix + "attention.key_length", 2...1024, or: width / heads)
    let valueSize = try keys.count(prefix + "attention.value_length", 2...1024, or: headSize)
    guard valueSize == headSize else {
      throw .unsupported("heads of values (\(valueSize)) that differ from keys' (\(headSize))")
    }
    guard headSize % 32 == 0, headSize <= 512 else {
      throw .unsupported("heads of \(headSize) numbers (a multiple of 32 up to 512 is built)")
    }
    if try keys.count(prefix + "expert_count", 0...1_048_576, or: 0) > 0 {
      throw .unsupported("a mixture of experts")
    }
    epsilon = Float(try keys.real(prefix + "attention.layer_norm_rms_epsilon", 1e-12...1))
    rotation = try keys.rotation(
      prefix,
      pairs: architecture.rotation,
      headSize: headSize,
      trained: contextLength
    )
    vocabulary = try Self.vocabulary(of: file)
    window = try keys.window(prefix, architecture: architecture, base: rotation.base)
    embeddingScale = architecture.isGemma ? Float(width).squareRoot() : 1
    // The 27B models of Gemma 2 and 3, known by their layers, scale by width over heads instead.
    let isLargest =
      (architecture == .gemma2 && layers == 46) || (architecture == .gemma3 && layers == 62)
    attentionScale = 1 / Float(isLargest ? width / heads : headSize).squareRoot()
    attentionCap = nil
    outputCap = nil
    if architecture == .gemma2 {
      attentionCap = Float(try keys.real(prefix + "attn_logit_softcapping", 0.1...1e6, or: 50))
    }
    if architecture == .gemma2 || architecture == .gemma3 {
      let fallback = architecture == .gemma2 ? 30.0 : 0
      let cap = try keys.real(prefix + "final_logit_softcapping", 0...1e6, or: fallback)
      // Zero means none; what is next to it would make every token as likely.
      outputCap = cap < 0.1 ? nil : Float(cap)
    }
  }

  /// Rows of the embedding, which is what tokens are looked up in, whatever the metadata says.
  private static func vocabulary(of file: GGUFFile) throws(ModelError) -> Int {
    let name = "token_embd.weight"
    let tensor: GGUFTensor
    do {
      tensor = try file.tensor(name)
    } catch {
      throw .tensor("\(error)")
    }
    guard tensor.shape.count == 2, (1...16_777_216).contains(tensor.shape[1]) else {
      throw .wrongShape(tensor: name, found: tensor.shape, expected: [-1, -1])
    }
    return tensor.shape[1]
  }
}

/// Numbers of the metadata with their bounds.
private struct ShapeKeys {
  let file: GGUFFile

  func count(
    _ key: String,
    _ allowed: ClosedRange<Int>,
    or fallback: Int? = nil
  ) throws(ModelError) -> Int {
    guard let value = try integer(key) ?? fallback else { throw .missing(key: key) }
    guard allowed.contains(value) else {
      throw .outOfRange(key: key, value: "\(value)", allowed: "\(allowed)")
    }
    return value
  }

  /// A number, or a list that has one number for each layer, all the same.
  private func integer(_ key: String) throws(ModelError) -> Int? {
    guard file.metadata[key] != nil else { return nil }
    if let value = file.integer(key) { return value }
    guard let list = file.list(key), let first = list.integer(at: 0) else {
      throw .outOfRange(key: key, value: "no such number", allowed: "a whole number")
    }
    for index in 0..<min(list.count, 4096) where list.integer(at: index) != first {
      throw .unsupported("layers of different shapes ('\(key)')")
    }
    return first
  }

  func real(
    _ key: String,
    _ allowed: ClosedRange<Double>,
    or fallback: Double? = nil
  ) throws(ModelError) -> Double {
    guard let value = file.real(key) ?? fallback else { throw .missing(key: key) }
    guard allowed.contains(value) else {
      throw .outOfRange(key: key, value: "\(value)", allowed: "\(allowed)")
    }
    return value
  }

  func rotation(
    _ prefix: String,
    pairs: Rotation.Pairs,
    headSize: Int,
    trained: Int
  ) throws(ModelError) -> Rotation {
    let size = try count(prefix + "rope.dimension_count", 2...1024, or: headSize)
    guard size <= headSize, size % 2 == 0 else {
      throw .contradiction("\(size) numbers of a head of \(headSize) are to be rotated in pairs")
    }
    let base = try real(prefix + "rope.freq_base", 1.5...1e12, or: 10_000)
    return Rotation(
      pairs: pairs,
      size: size,
      base: base,
      scaling: try scaling(prefix + "rope.", trained: trained)
    )
  }

  private func scaling(_ rope: String, trained: Int) throws(ModelError) -> Rotation.Scaling {
    let older = try real(rope + "scale_linear", 0...1e6, or: 0)
    let stated = try real(rope + "scaling.factor", 0...1e6, or: older)
    let factor = stated == 0 ? 1 : stated
    // A factor without a type is linear, as in llama.cpp.
    switch file.string(rope + "scaling.type") ?? "linear" {
    case "none": return .none
    case "linear": return factor == 1 ? .none : .linear(factor: factor)
    case "yarn":
      return .yarn(
        factor: factor,
        trained: try count(
          rope + "scaling.original_context_length",
          1...16_777_216,
          or: trained
        ),
        fast: try real(rope + "scaling.yarn_beta_fast", 1e-6...1e6, or: 32),
        slow: try real(rope + "scaling.yarn_beta_slow", 1e-6...1e6, or: 1),
        extrapolation: try real(rope + "scaling.yarn_ext_factor", 0...1, or: 1),
        attention: try real(rope + "scaling.attn_factor", 1e-3...1e3, or: 1)
      )
    case let other: throw .unsupported("the scaling of positions named '\(other)'")
    }
  }

  func window(
    _ prefix: String,
    architecture: Architecture,
    base: Double
  ) throws(ModelError) -> ModelShape.Window? {
    let usual: Int
    switch architecture {
    case .gemma2: usual = 2
    case .gemma3: usual = 6
    case .llama, .smollm3, .qwen2, .qwen3, .gemma, .phi3: return nil
    }
    let positions = try count(
      prefix + "attention.sliding_window",
      0...16_777_216,
      or: architecture == .gemma2 ? 4096 : 0
    )
    guard positions > 0 else { return nil }
    let local = try real(
      prefix + "rope.freq_base_swa",
      1.5...1e12,
      or: architecture == .gemma3 ? 10_000 : base
    )
    let period = architecture == .gemma3 ? try period(prefix, or: usual) : usual
    return ModelShape.Window(positions: positions, period: period, rotationBase: local)
  }

  /// Every so-manieth layer sees everything: a number, or a flag for each layer that sees the window.
  private func period(_ prefix: String, or usual: Int) throws(ModelError) -> Int {
    let key = prefix + "attention.sliding_window_pattern"
    guard let list = file.list(key), list.elementKind == .flag else {
      return try count(key, 1...1024, or: usual)
    }
    let flags = (0..<min(list.count, 1024)).map { list.flag(at: $0) ?? false }
    // Without a layer that sees everything, the period is longer than there are layers.
    let period = (flags.firstIndex(of: false) ?? flags.count) + 1
    for (layer, isLocal) in flags.enumerated() where isLocal != (layer % period < period - 1) {
      throw .unsupported("windows in layers without a period ('\(key)')")
    }
    return period
  }
}
