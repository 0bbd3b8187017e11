import Dialects
import Inference

/// A model in memory: one that writes, or one that turns texts into vectors.
enum Loaded: Sendable {
  case text(LoadedModel)
  case sentences(SentenceModel)

  var name: String {
    switch self {
    case .text(let model): model.name
    case .sentences(let model): model.name
    }
  }

  var facts: ModelFacts {
    switch self {
    case .text(let model): model.facts
    case .sentences(let model): model.facts
    }
  }

  /// Tokens of a conversation, or of a text.
  var contextLength: Int {
    switch self {
    case .text(let model): model.engine.contextLength
    case .sentences: SentenceModel.limit
    }
  }

  /// Nil where nobody waits for anybody.
  var status: EngineStatus? {
    switch self {
    case .text(let model): model.engine.status
    case .sentences: nil
    }
  }

  func isSame(as other: Loaded) -> Bool {
    switch (self, other) {
    case (.text(let one), .text(let another)): one === another
    case (.sentences(let one), .sentences(let another)): one === another
    default: false
    }
  }
}

/// A BERT in memory, such as all-MiniLM-L6-v2.
final class SentenceModel: Sendable {
  let name: String
  let encoder: SentenceEncoder
  let facts: ModelFacts

  /// Tokens of a text, those around it among them.
  static let limit = 256
  /// Beside the weights, for what is computed on the way.
  static let work = 64 << 20

  init(_ settings: EngineSetup.Model) throws(ProviderError) {
    name = settings.name
    do {
      facts = try ModelFacts(sentences: settings.files)
      var options = SentenceEncoder.Options()
      options.limit = Self.limit
      encoder = try SentenceEncoder(
        modelPath: facts.files[0],
        vocabularyPath: facts.files[1],
        options: options
      )
    } catch {
      throw ProviderError(.server, "the model '\(settings.name)' cannot be loaded: \(error)")
    }
  }
}
