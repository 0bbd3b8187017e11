package import Dialects

/// What a client asks for, told by the method and the path alone.
package enum Endpoint: Hashable, Sendable {
  /// A request that a model answers.
  case model(Dialect)
  case countTokens
  case models
  case oneModel(String)
  case ollamaTags
  case ollamaRunning
  case ollamaShow
  case ollamaVersion
  /// What clients of Ollama look at to see that something is there.
  case root
  case health
  case metrics

  /// Whether it is answered without a key: these tell nothing of anybody.
  package var isOpen: Bool { self == .root || self == .health || self == .ollamaVersion }

  /// Why nothing is asked for.
  package enum Refusal: Error, Hashable, Sendable {
    case unknown
    case wrongMethod(allowed: String)
  }

  /// - Parameter target: the path as it stands in the request, with its query.
  package init(method: String, target: String) throws(Refusal) {
    let path = Self.path(of: target)
    guard let (allowed, endpoint) = Self.known(path) else { throw .unknown }
    guard method == allowed || allowed == "GET" && method == "HEAD" else {
      throw .wrongMethod(allowed: allowed)
    }
    self = endpoint
  }

  private static func known(_ path: Substring) -> (method: String, Endpoint)? {
    switch path {
    case "/v1/chat/completions", "/chat/completions": ("POST", .model(.openAIChat))
    case "/v1/responses", "/responses": ("POST", .model(.openAIResponses))
    case "/v1/completions", "/completions": ("POST", .model(.openAICompletions))
    case "/v1/embeddings", "/embeddings": ("POST", .model(.openAIEmbeddings))
    case "/v1/messages": ("POST", .model(.anthropic))
    case "/v1/messages/count_tokens": ("POST", .countTokens)
    case "/api/chat": ("POST", .model(.ollamaChat))
    case "/api/generate": ("POST", .model(.ollamaGenerate))
    case "/api/embed": ("POST", .model(.ollamaEmbed))
    case "/api/tags": ("GET", .ollamaTags)
    case "/api/ps": ("GET", .ollamaRunning)
    case "/api/show": ("POST", .ollamaShow)
    case "/api/version": ("GET", .ollamaVersion)
    case "/v1/models", "/models": ("GET", .models)
    case "/": ("GET", .root)
    case "/health": ("GET", .health)
    case "/metrics": ("GET", .metrics)
    default: named(path)
    }
  }

  /// `/v1/models/NAME`, where the name may hold slashes, as they are or escaped.
  private static func named(_ path: Substring) -> (method: String, Endpoint)? {
    for prefix in ["/v1/models/", "/models/"] where path.hasPrefix(prefix) {
      let name = path.dropFirst(prefix.count)
      guard !name.isEmpty else { return nil }
      return ("GET", .oneModel(unescaped(name)))
    }
    return nil
  }

  private static func path(of target: String) -> Substring {
    // By bytes: whoever sends a path of slashes pays for it himself.
    var path = target.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    while path.last == UInt8(ascii: "/"), path.dropLast().last != nil { path = path.dropLast() }
    return Substring(path)
  }

  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// In whose words errors are told where the request itself could not be read.
  package static func family(of target: String, speaksAnthropic: Bool) -> Dialect.Family {
    let path = Self.path(of: target)
    if path.hasPrefix("/api/") || path == "/" { return .ollama }
    if path.hasPrefix("/v1/messages") || speaksAnthropic { return .anthropic }
    return .openAI
  }
}
