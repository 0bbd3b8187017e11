import Catalogue
import Dialects

/// A request as one upstream is sent it, and how its answer comes back into the client's words.
struct UpstreamPlan {
  /// What is done with the answer.
  enum Kind {
    /// The same dialect on both sides: bytes pass as they are.
    case same
    case chat(ChatRequest)
    case embedding(EmbeddingRequest)
  }

  var dialect: Dialects.Dialect
  var kind: Kind
  var body: [UInt8]
  /// Below the provider's base address.
  var path: String
  /// What could not be carried across, for a header of the answer.
  var losses: [Loss]

  var isTranslated: Bool {
    if case .same = kind { false } else { true }
  }

  /// The largest length that is written into translated requests that give none, where the dialect
  /// demands one.
  static let defaultMaxTokens = 4096

  /// - Throws: `RequestError` if the request cannot be said in the provider's dialect.
  init(
    _ scan: RequestScan,
    to offer: Offer,
    at provider: ProviderSettings,
    unsupported: GatewayConfiguration.Unsupported
  ) throws(RequestError) {
    let model = offer.model.key.id
    dialect = Self.dialect(of: scan.dialect, at: provider)
    losses = []
    if dialect == scan.dialect {
      kind = .same
      let takesOptions = provider.catalogue != "mistral"
      body = scan.patched(
        model: model,
        asksForUsage: takesOptions,
        removing: takesOptions ? [] : ["stream_options"]
      )
    } else {
      let options = Self.options(offer, at: provider, unsupported)
      if scan.dialect.isEmbedding {
        guard dialect.isEmbedding else {
          throw .invalid(path: "model", why: "the provider '\(provider.name)' has no embeddings")
        }
        let request = try EmbeddingRequest.decode(scan.document.bytes, from: scan.dialect)
        (body, losses) = try request.encode(to: dialect, options)
        kind = .embedding(request)
      } else {
        let translated = try Translation.request(
          scan.document.bytes,
          from: scan.dialect,
          to: dialect,
          options
        )
        body = translated.body
        losses = translated.losses
        kind = .chat(translated.request)
      }
    }
    path = dialect.path(model: model, isStream: scan.isStream)
  }

  /// In which dialect a provider is asked what a client asks in its own.
  static func dialect(
    of client: Dialects.Dialect,
    at provider: ProviderSettings
  ) -> Dialects.Dialect {
    switch (client, provider.dialect) {
    case (.openAIChat, .openai), (.openAICompletions, .openai), (.openAIEmbeddings, .openai),
      (.anthropic, .anthropic),
      (.ollamaChat, .ollama), (.ollamaGenerate, .ollama), (.ollamaEmbed, .ollama):
      client
    // Few of those that are compatible with OpenAI have its Responses API.
    case (.openAIResponses, .openai) where provider.catalogue == "openai": client
    case (_, .openai): client.isEmbedding ? .openAIEmbeddings : .openAIChat
    case (_, .anthropic): .anthropic
    case (_, .gemini): client.isEmbedding ? .geminiEmbed : .gemini
    case (_, .ollama): client.isEmbedding ? .ollamaEmbed : .ollamaChat
    }
  }

  /// Whether a Gemini model refuses a call of the conversation that does not bear its signature: from
  /// the third generation on (ai.google.dev/gemini-api/docs/thought-signatures).
  static func demandsSignatures(_ model: String) -> Bool {
    guard let start = model.firstRange(of: "gemini-") else { return false }
    let digits = model[start.upperBound...].prefix { $0.isASCII && $0.isNumber }
    return Int(digits).map { $0 >= 3 } ?? false
  }

  private static func options(
    _ offer: Offer,
    at provider: ProviderSettings,
    _ unsupported: GatewayConfiguration.Unsupported
  ) -> TranslationOptions {
    let losses: LossPolicy = unsupported == .drop ? .drop : .refuse
    var options = TranslationOptions(model: offer.model.key.id, losses: losses)
    options.defaultMaxTokens = min(
      offer.model.limits.output ?? defaultMaxTokens,
      defaultMaxTokens
    )
    options.usesMaxCompletionTokens = provider.catalogue == "openai"
    options.asksForUsage = provider.catalogue != "mistral"
    options.fillsSignatures = demandsSignatures(offer.model.key.id)
    // What the catalogue does not know is taken to obey one.
    options.takesSampling =
      offer.model.provenance.source == "configuration"
      || offer.model.capabilities.contains(.temperature)
    return options
  }
}
