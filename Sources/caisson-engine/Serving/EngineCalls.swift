import Dialects
import Inference

/// What is asked of the engine, by path.
struct EngineCalls: Sendable {
  let room: ModelRoom
  let setup: EngineSetup

  func answer(_ call: EngineCall, _ writer: AnswerWriter) async throws {
    do {
      switch (call.method, call.target) {
      case ("POST", "/api/chat"), ("POST", "/api/generate"):
        let isGenerate = call.target == "/api/generate"
        let request = try EngineRequest(call.body, isGenerate: isGenerate)
        try await AnswerCall(room: room, request: request).run(writer)
      case ("POST", "/api/embed"): try await EmbedCall(room: room, body: call.body).run(writer)
      case ("GET", "/api/tags"): try await writer.answer(Self.tags(room.models))
      case ("GET", "/api/ps"): try await writer.answer(Self.running(await room.residents()))
      case ("POST", "/api/show"): try await writer.answer(try show(call.body))
      case ("GET", "/api/version"): try await writer.answer(ModelListing.ollamaVersion())
      case ("GET", "/"), ("HEAD", "/"): try await writer.answer(Array("{}".utf8))
      default:
        throw ProviderError(
          .notFound,
          "nothing is served at \(call.method) \(call.target.prefix(200))"
        )
      }
    } catch let error as ProviderError {
      try await writer.fail(error)
    }
  }

  // MARK: What there is

  private static func tags(_ models: [EngineSetup.Model]) -> [UInt8] {
    JSONWriter.object { json in
      json.array("models") { array in
        for model in models {
          array.object { json in
            json.string("name", model.name)
            json.string("model", model.name)
          }
        }
      }
    }
  }

  private static func running(_ residents: [ModelRoom.Resident]) -> [UInt8] {
    JSONWriter.object { json in
      json.array("models") { array in
        for resident in residents {
          array.object { json in
            json.string("name", resident.settings.name)
            json.string("model", resident.settings.name)
            json.int("size", resident.size)
            json.int("size_vram", 0)
            json.int("context_length", resident.model.contextLength)
            json.string("expires_at", resident.left.map(Moment.text) ?? Moment.never)
            let status = resident.model.status
            json.int("active", ifAny: status?.active)
            json.int("waiting", ifAny: status?.waiting)
            json.key("details")
            details(resident.model.facts, &json)
          }
        }
      }
    }
  }

  private func show(_ body: [UInt8]) throws(ProviderError) -> [UInt8] {
    let name: String
    do throws(JSONError) {
      let root = try JSONDocument.object(body)
      name = (root.present("model") ?? root.present("name"))?.string ?? ""
    } catch { throw ProviderError(RequestError.malformed(error)) }
    let settings = try room.settings(name)
    let facts: ModelFacts
    do {
      facts =
        ModelFacts.isSentences(settings.files)
        ? try ModelFacts(sentences: settings.files)
        : ModelFacts(try GGUFFile(path: settings.files.first ?? ""))
    } catch {
      throw ProviderError(.server, "the model '\(settings.name)' cannot be read: \(error)")
    }
    return JSONWriter.object { json in
      json.key("details")
      Self.details(facts, &json)
      json.object("model_info") { json in
        json.string("general.architecture", facts.architecture)
        json.int("general.parameter_count", facts.parameters)
        guard let context = facts.context else { return }
        json.key("\(facts.architecture).context_length")
        json.int(context)
      }
      json.array("capabilities") {
        $0.string(facts.embeds ? "embedding" : "completion")
        if facts.callsTools { $0.string("tools") }
        if facts.thinks { $0.string("thinking") }
      }
    }
  }

  private static func details(_ facts: ModelFacts, _ json: inout JSONWriter) {
    json.object { json in
      json.string("format", "gguf")
      json.string("family", facts.architecture)
      json.int("parameter_count", facts.parameters)
      json.string("quantization_level", facts.quantisation)
    }
  }
}
