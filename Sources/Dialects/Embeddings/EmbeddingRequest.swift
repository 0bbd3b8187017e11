/// Texts to be turned into vectors.
package struct EmbeddingRequest: Hashable, Sendable {
  /// How vectors are written in the answer.
  package enum Encoding: Hashable, Sendable {
    case floats, base64
  }

  package var model: String
  package var inputs: [String]
  package var dimensions: Int?
  package var encoding = Encoding.floats
  package var user: String?
  package var rest = Rest()

  package static func decode(
    _ body: [UInt8],
    from client: Dialect
  ) throws(RequestError) -> EmbeddingRequest {
    let root = try JSON.request(body)
    var request = EmbeddingRequest(model: try root.requiredString("model"), inputs: [])
    request.inputs = try inputs(root)
    request.dimensions = try root.optionalCount("dimensions")
    switch client {
    case .openAIEmbeddings:
      switch try root.optionalString("encoding_format") {
      case nil, "float": break
      case "base64": request.encoding = .base64
      default: throw .invalid(path: "encoding_format", why: "must be float or base64")
      }
      request.user = try root.optionalString("user")
      let known: [StaticString] = ["model", "input", "dimensions", "encoding_format", "user"]
      request.rest = Rest(root, of: client, besides: known)
    case .ollamaEmbed:
      request.rest = Rest(root, of: client, besides: ["model", "input", "dimensions"])
    default:
      throw .invalid(path: "", why: "\(client.rawValue) is no dialect for embeddings")
    }
    return request
  }

  private static func inputs(_ root: JSON) throws(RequestError) -> [String] {
    guard let input = root.present("input") else {
      throw .invalid(path: "input", why: "is missing")
    }
    if let text = input.string { return [text] }
    var texts: [String] = []
    for element in input.elements {
      guard let text = element.string else {
        throw .invalid(path: "input[\(texts.count)]", why: "only text can be translated")
      }
      texts.append(text)
    }
    guard !texts.isEmpty, texts.count <= 4096 else {
      throw .invalid(path: "input", why: "must be a string, or 1 to 4096 of them")
    }
    return texts
  }

  package func encode(
    to upstream: Dialect,
    _ options: TranslationOptions
  ) throws(RequestError) -> (body: [UInt8], losses: [Loss]) {
    var losses = LossList(options.losses)
    losses.add(rest, at: "", hints: ["keep_alive", "truncate", "options"], to: upstream)
    let model = options.model ?? model
    var writer = JSONWriter(capacity: 1024)
    switch upstream {
    case .openAIEmbeddings:
      writer.object { json in
        json.string("model", model)
        json.strings("input", inputs)
        json.int("dimensions", ifAny: dimensions)
        json.string("encoding_format", "float")
        json.string("user", ifAny: user)
        json.rest(rest, of: upstream)
      }
    case .ollamaEmbed:
      writer.object { json in
        json.string("model", model)
        json.strings("input", inputs)
        json.int("dimensions", ifAny: dimensions)
        json.rest(rest, of: upstream)
      }
    case .geminiEmbed:
      writer.object {
        $0.array("requests") { array in
          for input in inputs {
            array.object {
              $0.string("model", model.hasPrefix("models/") ? model : "models/\(model)")
              $0.object("content") {
                $0.array("parts") { $0.object { $0.string("text", input) } }
              }
              $0.int("outputDimensionality", ifAny: dimensions)
            }
          }
        }
      }
    default:
      throw .invalid(path: "", why: "\(upstream.rawValue) is no dialect for embeddings")
    }
    try losses.check()
    return (writer.bytes, losses.losses)
  }
}
