extension Vocabulary {
  /// What the keys `tokenizer.*` say. An id that is out of range counts as not given, as in llama.cpp;
  /// a list of the wrong type or length is an error.
  package init(gguf: GGUFFile) throws(TokenizerError) {
    guard let name = gguf.string("tokenizer.ggml.model") else {
      throw .missing("tokenizer.ggml.model")
    }
    let pre = gguf.string("tokenizer.ggml.pre") ?? ""
    let model: Model =
      switch name {
      case "gpt2": .bytePairs(preTokenizer: pre)
      case "gemma4": .bytePairs(preTokenizer: "gemma4")
      case "llama": .scoredPairs
      case "t5": .unigram
      case "bert": .wordPiece
      default: throw .model(name)
      }
    guard let tokens = try Self.texts(gguf, "tokenizer.ggml.tokens"), tokens.count > 0 else {
      throw .missing("tokenizer.ggml.tokens")
    }
    self.init(model: model, tokens: tokens)
    try readKinds(gguf)
    try readScores(gguf)
    if case .bytePairs = model {
      guard let merges = try Self.texts(gguf, "tokenizer.ggml.merges") else {
        throw .missing("tokenizer.ggml.merges")
      }
      self.merges = merges
    }
    if let map = gguf.list("tokenizer.ggml.precompiled_charsmap") {
      guard map.elementKind == .uint8 || map.elementKind == .int8 else {
        throw .key("tokenizer.ggml.precompiled_charsmap", "is no list of bytes")
      }
      characterMap = (0..<map.count).map { UInt8(truncatingIfNeeded: map.integer(at: $0) ?? 0) }
    }
    readSpecials(gguf)
    readFlags(gguf)
    readStrips(gguf)
  }

  private static func texts(
    _ gguf: GGUFFile,
    _ key: String
  ) throws(TokenizerError) -> TextList? {
    guard let list = gguf.list(key) else { return nil }
    guard list.elementKind == .text else { throw .key(key, "is no list of texts") }
    var texts = TextList()
    texts.reserve(list.count)
    for index in 0..<list.count {
      guard texts.append(list.text(at: index) ?? UnsafeRawBufferPointer(start: nil, count: 0))
      else {
        throw .tooLarge
      }
    }
    return texts
  }

  private mutating func readKinds(_ gguf: GGUFFile) throws(TokenizerError) {
    let key = "tokenizer.ggml.token_type"
    guard let list = gguf.list(key) else { return }
    guard list.count >= tokens.count, list.integer(at: 0) != nil else {
      throw .key(key, "does not have a whole number for each of \(tokens.count) tokens")
    }
    kinds = (0..<tokens.count).map { index in
      list.integer(at: index).flatMap { Int32(exactly: $0) }.flatMap(Kind.init) ?? .undefined
    }
  }

  private mutating func readScores(_ gguf: GGUFFile) throws(TokenizerError) {
    let key = "tokenizer.ggml.scores"
    guard let list = gguf.list(key) else { return }
    guard list.count >= tokens.count, list.real(at: 0) != nil else {
      throw .key(key, "does not have a number for each of \(tokens.count) tokens")
    }
    scores = (0..<tokens.count).map { index in
      let score = Float(list.real(at: index) ?? 0)
      return score.isNaN ? -Float.greatestFiniteMagnitude : score
    }
  }

  private mutating func readSpecials(_ gguf: GGUFFile) {
    func id(_ name: String, default other: Int32? = nil) -> Int32? {
      let count = tokens.count
      if let id = gguf.integer("tokenizer.ggml.\(name)_token_id"), id < count { return Int32(id) }
      return other.flatMap { $0 < count ? $0 : nil }
    }
    switch model {
    case .bytePairs:
      (beginning, end, unknown) = (id("bos"), id("eos"), id("unknown"))
    case .scoredPairs:
      (beginning, end) = (id("bos", default: 1), id("eos", default: 2))
      unknown = id("unknown", default: 0)
    case .unigram:
      (beginning, end) = (id("bos"), id("eos", default: 1))
      unknown = id("unknown", default: 2)
    case .wordPiece:
      (beginning, end) = (id("bos", default: id("cls", default: 101)), id("eos"))
      unknown = id("unknown", default: 100)
    }
    // The misspelling is GGUF's.
    separator = id("seperator", default: id("separator"))
    if case .wordPiece = model { separator = separator ?? (tokens.count > 102 ? 102 : nil) }
    for use in ["eot", "eom", "fim_pre", "fim_suf", "fim_mid", "fim_pad", "fim_rep", "fim_sep"] {
      uses[use] = id(use)
    }
    for (old, use) in [("prefix", "fim_pre"), ("suffix", "fim_suf"), ("middle", "fim_mid")] {
      uses[use] = id(old) ?? uses[use]
    }
  }

  private mutating func readFlags(_ gguf: GGUFFile) {
    switch model {
    case .bytePairs(let name):
      addsBeginning = PreTokenizer(named: name)?.addsBeginning ?? false
    case .scoredPairs: (addsBeginning, addsSpacePrefix) = (true, true)
    case .unigram: addsEnd = true
    case .wordPiece: addsBeginning = true
    }
    addsBeginning = gguf.flag("tokenizer.ggml.add_bos_token") ?? addsBeginning
    if case .bytePairs("gemma4") = model { addsBeginning = true }
    addsEnd = gguf.flag("tokenizer.ggml.add_eos_token") ?? addsEnd
    addsSpacePrefix = gguf.flag("tokenizer.ggml.add_space_prefix") ?? addsSpacePrefix
    removesExtraSpaces = gguf.flag("tokenizer.ggml.remove_extra_whitespaces") ?? false
    lowercases = gguf.flag("tokenizer.ggml.normalizer.lowercase") ?? true
    stripsAccents = gguf.flag("tokenizer.ggml.normalizer.strip_accents") ?? lowercases
  }

  /// No key says which tokens take spaces with them; models are known by their names.
  private mutating func readStrips(_ gguf: GGUFFile) {
    func has(_ key: String, _ parts: String...) -> Bool {
      let text = gguf.string(key)?.lowercased() ?? ""
      return parts.contains { text.contains($0) }
    }
    if has("tokenizer.ggml.pre", "jina-v2-de", "jina-v2-es", "jina-v2-code")
      || has("general.architecture", "nomic-bert-moe", "jina-bert-v3")
    {
      if let mask = id(of: "<mask>") { stripsLeft = [mask] }
    } else if has("general.name", "phi-3", "phi3") {
      stripsRight = Set(
        (0..<tokens.count).filter { [.control, .userDefined, .unknown].contains(kinds[$0]) }
          .map(Int32.init)
      )
      if let end = id(of: "</s>") { stripsRight.insert(end) }
      for text in ["<unk>", "<s>", "<|endoftext|>"] {
        if let token = id(of: text) { stripsRight.remove(token) }
      }
    } else if has("general.name", "modern-bert"), let mask = id(of: "[MASK]") {
      stripsLeft = [mask]
    }
  }
}
