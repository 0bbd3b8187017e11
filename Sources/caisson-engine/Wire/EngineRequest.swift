import Dialects

/// What a client asks a model for, in Ollama's words.
struct EngineRequest {
  /// What the model is to go on from.
  enum Kind {
    case chat
    case generate
    /// A prompt that is taken as it is.
    case raw(String)
  }

  let kind: Kind
  let chat: ChatRequest
  let keepAlive: KeepAlive?
  /// Tokens of the window.
  let context: Int?
  let minP: Double?
  let repetitionPenalty: Double?
  let penaltyWindow: Int?
  /// Tokens of the answer at most; nil: as many as fit.
  let limit: Int?
  let seed: UInt64?

  var isGenerate: Bool {
    if case .chat = kind { false } else { true }
  }

  /// Fields of Ollama's that change nothing here: how its engine runs, and what has no meaning for this
  /// one.
  private static let known: Set<String> = [
    "keep_alive", "raw", "template", "context", "suffix", "system", "truncate", "shift",
  ]

  init(_ body: [UInt8], isGenerate: Bool) throws(ProviderError) {
    do throws(RequestError) {
      chat = try isGenerate ? Ollama.decodeGenerate(body) : Ollama.decodeChat(body)
    } catch { throw ProviderError(error) }
    try Self.check(chat.rest)
    keepAlive = try chat.rest["keep_alive"]?.json.map { json throws(ProviderError) in
      try KeepAlive(json)
    }
    let options = chat.engineOptions
    context = try Self.count(options, "num_ctx", in: 1...(1 << 24))
    minP = try Self.number(options, "min_p")
    repetitionPenalty = try Self.number(options, "repeat_penalty")
    penaltyWindow = try Self.count(options, "repeat_last_n", in: -1...65_536)
    limit = chat.maxTokens
    seed = try chat.sampling.seed.map { number throws(ProviderError) in
      if let seed = number.int { return UInt64(bitPattern: Int64(seed)) }
      if let seed = UInt64(number.text) { return seed }
      let why = "must be a whole number of 64 bits"
      throw ProviderError(RequestError.invalid(path: "options.seed", why: why))
    }
    if !isGenerate {
      kind = .chat
    } else if chat.rest["raw"]?.json?.bool == true {
      kind = .raw(chat.messages.last?.plainText ?? "")
    } else {
      kind = .generate
    }
  }

  /// What cannot be done is refused, not left out.
  private static func check(_ rest: Rest) throws(ProviderError) {
    func refuse(_ field: String, _ why: String) -> ProviderError {
      ProviderError(RequestError.invalid(path: field, why: why))
    }
    for field in rest.fields where !known.contains(field.key) && !field.key.hasPrefix("_") {
      throw refuse(field.key, "is not known here")
    }
    if let suffix = rest["suffix"], suffix.json?.string != "" {
      throw refuse("suffix", "cannot be given: text is continued, not filled in")
    }
    if let template = rest["template"], template.json?.string != "" {
      throw refuse(
        "template",
        "cannot be given: the model's own is used; send raw: true without one"
      )
    }
    if let context = rest["context"]?.json, context.elements.contains(where: { _ in true }) {
      throw refuse("context", "is not taken: send the conversation to /api/chat")
    }
  }

  private static func number(_ options: Rest, _ key: String) throws(ProviderError) -> Double? {
    guard let raw = options[key] else { return nil }
    guard let value = raw.json?.number?.double else {
      throw ProviderError(RequestError.invalid(path: "options.\(key)", why: "must be a number"))
    }
    return value
  }

  private static func count(
    _ options: Rest,
    _ key: String,
    in range: ClosedRange<Int>
  ) throws(ProviderError) -> Int? {
    guard let raw = options[key] else { return nil }
    guard let value = raw.json?.int, range.contains(value) else {
      throw ProviderError(
        RequestError.invalid(
          path: "options.\(key)",
          why: "must be \(range.lowerBound) to \(range.upperBound)"
        )
      )
    }
    return value
  }
}

extension Message {
  /// Its text alone.
  var plainText: String {
    parts.compactMap { part in
      if case .text(let text) = part.kind { text } else { nil }
    }.joined(separator: "\n")
  }
}
