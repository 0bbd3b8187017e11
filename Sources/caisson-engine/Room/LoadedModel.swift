import Dialects
import Inference
import Synchronization

/// A language model in memory, ready to answer.
final class LoadedModel: Sendable {
  let name: String
  let engine: Engine
  let tokenizer: Tokenizer
  /// Nil where the file says nothing of how conversations are written.
  let template: ChatTemplate?
  let facts: ModelFacts
  /// Where a request says nothing.
  let temperature: Double?
  private let known = Mutex<GrammarVocabulary?>(nil)

  /// Opened, with its weights in the order in which they are read, and not yet in memory: what it will
  /// take is known.
  struct Opened: Sendable {
    let settings: EngineSetup.Model
    let model: Model
    let options: EngineOptions
    let plan: MemoryPlan
    let contextLength: Int
  }

  /// - Throws: `ProviderError` with what is wrong with the file or with the window that is asked for.
  static func open(
    _ settings: EngineSetup.Model,
    _ setup: EngineSetup,
    context: Int?
  ) throws(ProviderError) -> Opened {
    guard let path = settings.files.first else {
      throw ProviderError(.server, "the model '\(settings.name)' has no file")
    }
    do {
      let file = try GGUFFile(path: path)
      let trained = try ModelShape(of: file).contextLength
      if let context, context > trained {
        throw ProviderError(
          .invalidRequest,
          "options.num_ctx is \(context), and the model '\(settings.name)' was trained for "
            + "\(trained) tokens"
        )
      }
      var options = EngineOptions()
      options.threads = setup.threads
      options.parallel = setup.parallel
      options.queueLimit = setup.queue
      let length = min(context ?? setup.context, trained)
      options.contextLength = length
      let model = try Model(file: file, packed: .folder(setup.cache), threads: setup.threads)
      return Opened(
        settings: settings,
        model: model,
        options: options,
        plan: try MemoryPlan(model: model, options: options),
        contextLength: length
      )
    } catch let error as ProviderError {
      throw error
    } catch {
      throw ProviderError(.server, "the model '\(settings.name)' cannot be loaded: \(error)")
    }
  }

  /// The vocabulary as grammars need it, made when it is first needed.
  func grammarVocabulary() -> GrammarVocabulary {
    known.withLock { known in
      if let known { return known }
      let vocabulary = GrammarVocabulary(tokenizer)
      known = vocabulary
      return vocabulary
    }
  }

  init(_ opened: Opened) throws(ProviderError) {
    let file = opened.model.file
    do {
      name = opened.settings.name
      temperature = opened.settings.temperature
      facts = ModelFacts(file)
      tokenizer = try Tokenizer(gguf: file)
      template = try ChatTemplate(of: file)
      let text = TokenText(tokenizer)
      engine = try Engine(model: opened.model, text: text, options: opened.options)
    } catch {
      throw ProviderError(
        .server,
        "the model '\(opened.settings.name)' cannot be loaded: \(error)"
      )
    }
  }
}
