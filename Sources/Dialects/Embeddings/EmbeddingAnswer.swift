/// Vectors, with each number as it was written.
package struct EmbeddingAnswer: Hashable, Sendable {
  package var model: String
  /// Arrays of numbers, in the order of the inputs.
  package var vectors: [RawJSON]
  package var usage: TokenUsage?

  package static func decode(
    _ body: [UInt8],
    from upstream: Dialect
  ) throws(ProviderError) -> EmbeddingAnswer {
    let root: JSON
    do throws(JSONError) {
      root = try JSONDocument.object(body, bounds: .answer)
    } catch { throw ProviderError(.upstream, "the answer is malformed") }
    if let error = root.present("error") { throw ErrorReader.read(error, of: upstream.family) }
    var answer = EmbeddingAnswer(model: root["model"]?.string ?? "", vectors: [])
    switch upstream {
    case .openAIEmbeddings:
      var indexed: [(Int, JSON)] = []
      for item in root["data"]?.elements ?? JSONElements.none {
        guard let vector = item["embedding"] else { continue }
        indexed.append((item["index"]?.int ?? indexed.count, vector))
      }
      indexed.sort { $0.0 < $1.0 }
      answer.vectors = try indexed.map { (_, json) throws(ProviderError) in try vector(json) }
      if let json = root.present("usage") {
        var usage = TokenUsage()
        usage.input = TokenUsage.count(json["prompt_tokens"])
        answer.usage = usage
      }
    case .ollamaEmbed:
      for json in root["embeddings"]?.elements ?? JSONElements.none {
        answer.vectors.append(try vector(json))
      }
      if let count = root.present("prompt_eval_count") {
        var usage = TokenUsage()
        usage.input = TokenUsage.count(count)
        answer.usage = usage
      }
    case .geminiEmbed:
      for json in root["embeddings"]?.elements ?? JSONElements.none {
        guard let values = json["values"] else { continue }
        answer.vectors.append(try vector(values))
      }
      if let json = root.present("usageMetadata") { answer.usage = Gemini.usage(json) }
    default:
      throw ProviderError(.server, "\(upstream.rawValue) is no dialect for embeddings")
    }
    guard !answer.vectors.isEmpty else {
      throw ProviderError(.upstream, "the answer has no vectors")
    }
    return answer
  }

  private static func vector(_ json: JSON) throws(ProviderError) -> RawJSON {
    guard json.isArray, json.elements.allSatisfy({ $0.kind == .number }) else {
      throw ProviderError(.upstream, "a vector of the answer is malformed")
    }
    return json.raw
  }

  /// The answer for the client's request, which says how vectors are to be written.
  package func encode(
    to client: Dialect,
    for request: EmbeddingRequest,
    _ context: AnswerContext
  ) -> [UInt8] {
    var writer = JSONWriter(capacity: 4096)
    let tokens = usage?.totalInput ?? 0
    writer.object { json in
      if client == .ollamaEmbed {
        json.string("model", context.model ?? model)
        json.array("embeddings") { array in for vector in vectors { array.raw(vector) } }
        json.int("total_duration", 1)
        json.int("load_duration", 1)
        json.int("prompt_eval_count", tokens)
        return
      }
      json.string("object", "list")
      json.array("data") { array in
        for (index, vector) in vectors.enumerated() {
          array.object {
            $0.string("object", "embedding")
            $0.int("index", index)
            $0.key("embedding")
            switch request.encoding {
            case .floats: $0.raw(vector)
            case .base64: $0.string(VectorText.base64(vector))
            }
          }
        }
      }
      json.string("model", context.model ?? model)
      json.object("usage") {
        $0.int("prompt_tokens", tokens)
        $0.int("total_tokens", tokens)
      }
    }
    return writer.bytes
  }
}

/// Vectors as OpenAI writes them in base64: 32-bit floats, the least byte first.
enum VectorText {
  static func base64(_ vector: RawJSON) -> String {
    var bytes: [UInt8] = []
    for element in vector.json?.elements ?? JSONElements.none {
      let value = Float(element.number?.double ?? 0)
      let pattern = value.bitPattern
      for shift: UInt32 in [0, 8, 16, 24] {
        bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
      }
    }
    return base64(bytes)
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )

  static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var at = 0
    while at < bytes.count {
      let count = min(3, bytes.count - at)
      var group: UInt32 = 0
      for offset in 0..<3 {
        group = group << 8 | (offset < count ? UInt32(bytes[at + offset]) : 0)
      }
      for place in 0..<4 {
        let digit = Int(group >> UInt32(18 - 6 * place) & 63)
        text.append(place <= count ? alphabet[digit] : UInt8(ascii: "="))
      }
      at += 3
    }
    return String(decoding: text, as: UTF8.self)
  }
}
