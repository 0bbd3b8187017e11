/// A model as the lists of each dialect show it.
package struct ListedModel: Hashable, Sendable {
  package var id: String
  /// Who offers it.
  package var owner: String
  /// Seconds since 1970.
  package var created: Int
  package var displayName: String?
  package var contextLength: Int?
  package var seesImages = false
  package var callsTools = false
  package var thinks = false
  package var embeds = false

  package init(id: String, owner: String, created: Int) {
    self.id = id
    self.owner = owner
    self.created = created
  }
}

/// Answers to questions about models, in each dialect.
package enum ModelListing {
  /// `GET /v1/models` of OpenAI.
  package static func openAI(_ models: [ListedModel]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.string("object", "list")
      $0.array("data") { array in for model in models { openAI(model, &array) } }
    }
    return writer.bytes
  }

  /// `GET /v1/models/{model}` of OpenAI.
  package static func openAI(_ model: ListedModel) -> [UInt8] {
    var writer = JSONWriter()
    openAI(model, &writer)
    return writer.bytes
  }

  private static func openAI(_ model: ListedModel, _ json: inout JSONWriter) {
    json.object {
      $0.string("id", model.id)
      $0.string("object", "model")
      $0.int("created", model.created)
      $0.string("owned_by", model.owner)
    }
  }

  /// `GET /v1/models` of Anthropic, on one page.
  package static func anthropic(_ models: [ListedModel]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.array("data") { array in for model in models { anthropic(model, &array) } }
      $0.bool("has_more", false)
      $0.string("first_id", orNull: models.first?.id)
      $0.string("last_id", orNull: models.last?.id)
    }
    return writer.bytes
  }

  /// `GET /v1/models/{model}` of Anthropic.
  package static func anthropic(_ model: ListedModel) -> [UInt8] {
    var writer = JSONWriter()
    anthropic(model, &writer)
    return writer.bytes
  }

  private static func anthropic(_ model: ListedModel, _ json: inout JSONWriter) {
    json.object {
      $0.string("type", "model")
      $0.string("id", model.id)
      $0.string("display_name", model.displayName ?? model.id)
      $0.string("created_at", AnswerContext(now: model.created).timestamp)
    }
  }

  /// `POST /v1/messages/count_tokens` of Anthropic.
  package static func countTokens(_ tokens: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { $0.int("input_tokens", tokens) }
    return writer.bytes
  }

  /// `GET /api/tags` of Ollama, and `GET /api/ps`, which shows what is in memory: all of them.
  ///
  /// - Parameter residents: what an engine says of the models that it has in memory, and what they are
  ///   called here.
  package static func ollamaTags(
    _ models: [ListedModel],
    isRunning: Bool = false,
    residents: [(id: String, facts: JSON)] = []
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.array("models") { array in
        for resident in residents {
          array.object { json in
            json.string("name", resident.id)
            json.string("model", resident.id)
            json.string("digest", digest(resident.id))
            for (key, value) in resident.facts.members
            where !["name", "model", "digest"].contains(key.string) {
              json.key(key.string ?? "")
              json.raw(value.raw)
            }
          }
        }
        for model in models {
          array.object {
            let moment = AnswerContext(now: model.created).timestamp
            $0.string("name", model.id)
            $0.string("model", model.id)
            if isRunning {
              $0.string("expires_at", AnswerContext(now: 253_402_300_799).timestamp)
              $0.int("size_vram", 0)
            } else {
              $0.string("modified_at", moment)
            }
            $0.int("size", 0)
            $0.string("digest", digest(model.id))
            $0.key("details")
            ollamaDetails(model, &$0)
          }
        }
      }
    }
    return writer.bytes
  }

  /// `POST /api/show` of Ollama.
  package static func ollamaShow(_ model: ListedModel) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.string("modelfile", "")
      $0.string("parameters", "")
      $0.string("template", "")
      $0.key("details")
      ollamaDetails(model, &$0)
      $0.object("model_info") {
        $0.string("general.architecture", "remote")
        $0.int("remote.context_length", ifAny: model.contextLength)
      }
      $0.array("capabilities") {
        $0.string(model.embeds ? "embedding" : "completion")
        if model.callsTools { $0.string("tools") }
        if model.seesImages { $0.string("vision") }
        if model.thinks { $0.string("thinking") }
      }
      $0.string("modified_at", AnswerContext(now: model.created).timestamp)
    }
    return writer.bytes
  }

  /// `GET /api/version` of Ollama: clients ask what they may use.
  package static func ollamaVersion(_ version: String = "0.13.0") -> [UInt8] {
    var writer = JSONWriter()
    writer.object { $0.string("version", version) }
    return writer.bytes
  }

  private static func ollamaDetails(_ model: ListedModel, _ json: inout JSONWriter) {
    json.object {
      $0.string("parent_model", "")
      $0.string("format", "remote")
      $0.string("family", model.owner)
      $0.array("families") { $0.string(model.owner) }
      $0.string("parameter_size", "")
      $0.string("quantization_level", "")
    }
  }

  /// Clients tell models apart by it; it stands for the name alone.
  private static func digest(_ name: String) -> String {
    var text = ""
    for seed: UInt64 in 1...4 {
      var hash = 0xCBF2_9CE4_8422_2325 ^ seed
      for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
      let digits = String(hash, radix: 16)
      text += String(repeating: "0", count: 16 - digits.count) + digits
    }
    return text
  }
}
