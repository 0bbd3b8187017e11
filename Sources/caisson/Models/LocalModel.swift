import Foundation

/// A model whose weights lie on this machine.
struct LocalModel: Codable, Equatable {
  /// How it came here, and with that what becomes of its file.
  enum Origin: String, Codable {
    /// It came with Caisson.
    case own
    /// It stays where it is, and is never removed.
    case imported
    /// It was fetched into the store, and goes when the model is removed.
    case pulled
  }

  let name: String
  /// The first of its files.
  let file: String
  let origin: Origin
  /// Where it was fetched from.
  var source: String?
  /// Of the first file, when it was taken; nil where nobody has counted it.
  var sha256: String?
  /// Since 1970.
  let taken: Int
  let facts: ModelFacts

  /// What else it is called.
  var aliases: [String] { name == Self.defaultName ? [Self.defaultAlias] : [] }

  /// The model that is there from the first minute, and what it is called where no other is meant.
  static let defaultName = "smollm2-135m"
  static let defaultAlias = "local"
  static let defaultFile = "SmolLM2-135M-Instruct.Q4_1.gguf"
  /// What the default model is told where nobody says anything else: it answers worse by what its own
  /// template tells it, and worse without anything.
  static let defaultAdvice = "You are a helpful assistant."
}

/// What a file of weights says of itself, as `caisson-engine inspect` prints it.
struct ModelFacts: Codable, Equatable {
  let architecture: String
  let title: String?
  let licence: String?
  let parameters: Int
  /// The type that most of its weights are in.
  let quantisation: String
  /// Tokens that it was trained for.
  let context: Int?
  let layers: Int?
  let width: Int?
  let vocabulary: Int?
  let tokenizer: String?
  /// Whether it says how a conversation is written.
  let template: Bool
  let tools: Bool
  let thinks: Bool
  /// Whether it gives vectors, not text.
  let embeds: Bool
  /// Bytes of all its files.
  let size: Int
  let files: [String]

  /// Has a process of its own, which holds nothing and reaches nothing, read the file.
  ///
  /// - Parameter checked: whether a model that the engine cannot load is refused.
  static func read(_ file: String, checked: Bool) throws -> ModelFacts {
    let words = [checked ? "check" : "inspect", file]
    let inspection = OwnProgram(arguments: words, program: "caisson-engine")
    let result = try inspection.run()
    guard result.status == 0 else {
      throw ModelStoreError.unfit(file, reason: Self.reason(result))
    }
    do {
      return try JSONDecoder().decode(ModelFacts.self, from: Data(result.output.utf8))
    } catch {
      throw ModelStoreError.unfit(file, reason: "what was read of it cannot be understood")
    }
  }

  private static func reason(_ result: OwnProgram.Result) -> String {
    let line = result.errors.split(separator: "\n").last.map(String.init) ?? ""
    let own = "caisson: "
    let reason = line.hasPrefix(own) ? String(line.dropFirst(own.count)) : line
    return reason.isEmpty ? "reading it ended with status \(result.status)" : reason
  }
}
