import Dialects
import Foundation
import Glibc
import Inference

/// `caisson-engine inspect FILE`: what a file of weights says of itself, as one JSON object. `check FILE`
/// says the same of one that the engine can load, and else why it cannot.
///
/// A process of its own, that can read nothing but the file and those beside it that belong to it, so
/// that whoever takes a model into the store reads none of it himself.
enum Inspection {
  static func run(_ arguments: ArraySlice<String>, checks: Bool) throws -> Never {
    guard let path = arguments.first, arguments.count == 1 else {
      throw StartError("name one file")
    }
    // Not the directory: what lies in and below it may be anything, a home with its keys for one.
    let vocabulary = URL(filePath: path).deletingLastPathComponent().appending(path: "vocab.txt")
    let files = GGUFFile.files(of: path) + [vocabulary.path]
    _ = try EngineSeal(readable: files, writable: nil).apply()
    let facts = try facts(path, checks: checks)
    try FileHandle.standardOutput.write(contentsOf: Data(facts.json + [UInt8(ascii: "\n")]))
    exit(0)
  }

  private static func facts(_ path: String, checks: Bool) throws -> ModelFacts {
    if ModelFacts.isSentences([path]) { return try ModelFacts(sentences: [path]) }
    let file = try GGUFFile(path: path)
    if checks {
      // As when it is loaded, but for what takes long.
      try Model.check(file)
      _ = try Tokenizer(gguf: file)
      _ = try ChatTemplate(of: file)
    }
    return ModelFacts(file)
  }
}

extension ChatTemplate {
  /// How conversations with a model are written; nil where its file says nothing of that.
  init?(of file: GGUFFile) throws(TemplateError) {
    guard let source = file.text("tokenizer.chat_template") else { return nil }
    try self.init(source: String(decoding: source, as: UTF8.self))
  }
}

/// What a model is, by its metadata and its tensors.
struct ModelFacts {
  let architecture: String
  let title: String?
  let licence: String?
  let parameters: Int
  let quantisation: String
  let context: Int?
  let layers: Int?
  let width: Int?
  let vocabulary: Int?
  let tokenizer: String?
  let hasTemplate: Bool
  let callsTools: Bool
  let thinks: Bool
  let embeds: Bool
  let size: Int
  let files: [String]

  /// Architectures whose models give vectors, not text.
  private static let embedding = ["bert", "nomic-bert", "jina-bert-v2", "modern-bert"]
  /// Longer than any name that is worth printing.
  private static let longestText = 512

  init(_ file: GGUFFile) {
    func text(_ key: String) -> String? {
      file.string(key).map { String($0.prefix(Self.longestText)) }
    }
    let architecture = text("general.architecture") ?? "unknown"
    func number(_ key: String) -> Int? { file.integer("\(architecture).\(key)") }
    self.architecture = architecture
    title = text("general.name")
    licence = text("general.license")
    parameters = file.tensors.values.reduce(0) { sum, tensor in
      // Each is no more than a file has bytes eight times over.
      sum &+ tensor.rows &* tensor.rowLength
    }
    context = number("context_length")
    layers = number("block_count")
    width = number("embedding_length")
    let tokens = file.list("tokenizer.ggml.tokens")
    vocabulary = tokens?.count
    let kind = text("tokenizer.ggml.model")
    tokenizer = kind.map { kind in text("tokenizer.ggml.pre").map { "\(kind), \($0)" } ?? kind }
    let template = file.text("tokenizer.chat_template").map { String(decoding: $0, as: UTF8.self) }
    hasTemplate = template != nil
    callsTools = template?.contains("tools") ?? false
    thinks = template?.contains("<think>") ?? false
    embeds = Self.embedding.contains(architecture)
    size = file.files.reduce(0) { $0 + $1.file.bytes.count }
    files = file.files.map(\.file.path)
    quantisation = Self.quantisation(file)
  }

  /// Whether a file is that of a BERT in safetensors, whose vocabulary lies beside it.
  static func isSentences(_ files: [String]) -> Bool {
    files.first?.hasSuffix(".safetensors") ?? false
  }

  /// A BERT: its weights, and `vocab.txt` beside them.
  init(sentences files: [String]) throws {
    let path = files.first ?? ""
    let weights = try SafetensorsFile(path: path)
    let vocabulary = URL(filePath: path).deletingLastPathComponent().appending(path: "vocab.txt")
    let encoder = try SentenceEncoder(modelPath: path, vocabularyPath: vocabulary.path)
    architecture = "bert"
    title = nil
    licence = nil
    parameters = weights.tensors.values.reduce(0) { sum, tensor in
      sum &+ tensor.shape.reduce(1, &*)
    }
    var sizes: [String: Int] = [:]
    for tensor in weights.tensors.values {
      sizes[tensor.type.name, default: 0] += tensor.bytes.count
    }
    quantisation = sizes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "unknown"
    context = SentenceModel.limit
    layers = nil
    width = encoder.width
    self.vocabulary = encoder.tokenizer.count
    tokenizer = "wordpiece"
    hasTemplate = false
    callsTools = false
    thinks = false
    embeds = true
    size = weights.file.bytes.count
    self.files = [path, vocabulary.path]
  }

  /// The type that most of the weights are in.
  private static func quantisation(_ file: GGUFFile) -> String {
    var sizes: [String: Int] = [:]
    for tensor in file.tensors.values { sizes[tensor.type.name, default: 0] += tensor.bytes.count }
    return sizes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "unknown"
  }

  var json: [UInt8] {
    JSONWriter.object { json in
      json.string("architecture", architecture)
      json.string("title", ifAny: title)
      json.string("licence", ifAny: licence)
      json.int("parameters", parameters)
      json.string("quantisation", quantisation)
      json.int("context", ifAny: context)
      json.int("layers", ifAny: layers)
      json.int("width", ifAny: width)
      json.int("vocabulary", ifAny: vocabulary)
      json.string("tokenizer", ifAny: tokenizer)
      json.bool("template", hasTemplate)
      json.bool("tools", callsTools)
      json.bool("thinks", thinks)
      json.bool("embeds", embeds)
      json.int("size", size)
      json.strings("files", files)
    }
  }
}
