/// What a gateway must know of a request that it passes on as it is.
///
/// The whole body is checked by the same parser that translation uses, and no key may stand twice in
/// any object, so that what is scanned here is what the upstream will read.
package struct RequestScan: Sendable {
  package let dialect: Dialect
  package let document: JSONDocument
  private let bounds: JSONBounds
  package internal(set) var model: String
  package internal(set) var isStream = false
  /// The most tokens that the answer may have, as asked for.
  package internal(set) var maxTokens: Int?
  /// How many answers are asked for.
  package internal(set) var choices = 1
  /// Whether a stream will end with its usage.
  package internal(set) var includesUsage = false
  package internal(set) var features = RequestFeatures()

  /// - Throws: `RequestError` if the body is no request of this dialect that could be priced.
  package init(
    _ body: [UInt8],
    dialect: Dialect,
    bounds: JSONBounds = .request
  ) throws(RequestError) {
    let root: JSON
    do throws(JSONError) {
      root = try JSONDocument.object(body, bounds: bounds)
    } catch { throw .malformed(error) }
    self.dialect = dialect
    self.bounds = bounds
    document = root.document
    model = ""
    try readCommon(root)
    switch dialect {
    case .openAIChat: try readChat(root)
    case .openAIResponses: try readResponses(root)
    case .openAICompletions: try readCompletions(root)
    case .anthropic: try readAnthropic(root)
    case .ollamaChat, .ollamaGenerate: try readOllama(root)
    case .openAIEmbeddings, .ollamaEmbed: isStream = false
    case .gemini, .geminiEmbed: break
    }
  }

  /// The most input tokens that the request can have, media and stored context aside: no tokenizer
  /// makes more tokens of a text than it has bytes. Providers add a preamble of their own where
  /// there are tools.
  package var textTokensAtMost: Int {
    max(0, document.bytes.count - features.mediaBytes) + 64 + (features.hasTools ? 1024 : 0)
  }

  /// The body with another model name, and with usage asked for at the end of a stream.
  ///
  /// - Parameter removing: Fields that the upstream would refuse, such as `stream_options` by Mistral.
  package func patched(
    model: String? = nil,
    asksForUsage: Bool = false,
    removing fields: [StaticString] = []
  ) -> [UInt8] {
    var document = document
    for field in fields where document.root[field] != nil {
      var patch = JSONPatch(document)
      patch.remove(field, from: document.root)
      guard let rest = try? JSONDocument(patch.applied(), bounds: bounds) else { continue }
      document = rest
    }
    return patched(document, model, asksForUsage)
  }

  private func patched(
    _ document: JSONDocument,
    _ model: String?,
    _ asksForUsage: Bool
  ) -> [UInt8] {
    var patch = JSONPatch(document)
    if let model, model != self.model { patch.set("model", in: document.root, to: .string(model)) }
    if asksForUsage, isStream, !includesUsage,
      dialect == .openAIChat || dialect == .openAICompletions
    {
      let yes = RawJSON.bool(true)
      if let options = document.root["stream_options"], options.isObject {
        patch.set("include_usage", in: options, to: yes)
      } else {
        let options = RawJSON { $0.object { $0.bool("include_usage", true) } }
        patch.set("stream_options", in: document.root, to: options)
      }
    }
    return patch.applied()
  }

  private mutating func readCommon(_ root: JSON) throws(RequestError) {
    if dialect != .gemini, dialect != .geminiEmbed {
      guard let value = root["model"] else {
        throw .invalid(path: "model", why: "is missing")
      }
      guard let name = value.string, !name.isEmpty, name.utf8.count <= 512 else {
        throw .invalid(path: "model", why: "must be a string of 1 to 512 bytes")
      }
      model = name
    }
    let tier = root.present("service_tier") ?? root.present("speed")
    if let tier, !tier.equals("auto"), !tier.equals("default"), !tier.equals("standard") {
      features.serviceTier = tier.string ?? "unknown"
    }
    if let geo = root.present("inference_geo") { features.inferenceGeo = geo.string ?? "unknown" }
    if let value = root.present("stream") {
      guard let flag = value.bool else { throw .invalid(path: "stream", why: "must be a Boolean") }
      isStream = flag
    } else {
      isStream = dialect == .ollamaChat || dialect == .ollamaGenerate
    }
  }

  /// A count that bounds what an answer costs must be one that every reader reads the same way.
  func count(
    _ root: JSON,
    _ key: StaticString,
    from least: Int = 0
  ) throws(RequestError) -> Int? {
    guard let value = root.present(key) else { return nil }
    guard let count = value.int, count >= least, count <= 1 << 40 else {
      throw .invalid(path: key.description, why: "must be a whole number from \(least)")
    }
    return count
  }
}

/// What a request needs of a model, and what its size alone does not tell.
package struct RequestFeatures: Hashable, Sendable {
  package var images = 0
  package var audios = 0
  package var files = 0
  /// Bytes of media that stand in the body itself.
  package var mediaBytes = 0
  package var hasTools = false
  /// Tools that the provider runs, such as web search: they cost beyond tokens.
  package var hasProviderTools = false
  package var wantsJSON = false
  package var wantsSchema = false
  package var wantsReasoning = false
  package var wantsAudio = false
  /// Whether part of the input lies with the provider, so that its length is not known here.
  package var refersToStored = false
  /// A class of service other than the usual, which has prices of its own: `service_tier`, or
  /// Anthropic's `speed`. Translation leaves it out.
  package var serviceTier: String?
  /// Where Anthropic is to compute, which has a price, too.
  package var inferenceGeo: String?

  package init() {}
}
