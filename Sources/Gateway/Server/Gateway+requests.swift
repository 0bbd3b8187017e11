import Catalogue
import Dialects
import Journal
import NIOCore
import NIOHTTP1

extension Gateway {
  /// Answers a request; an exchange, not yet started, where a model is to do it.
  func handle(
    _ request: ClientRequest,
    from client: ClientConnection
  ) throws(ProviderError) -> Exchange? {
    let endpoint = try Self.endpoint(of: request.head)
    if endpoint.isOpen {
      answerOpenly(endpoint, client)
      return nil
    }
    let key = try key(of: request.headers)
    switch endpoint {
    case .model(let dialect):
      return try exchange(request, dialect: dialect, key: key, client: client)
    case .countTokens: try countTokens(request, client)
    case .models: listModels(request, key: key, client)
    case .oneModel(let name): try showModel(name, request, key: key, client)
    case .ollamaTags: client.answer(ModelListing.ollamaTags(listed(for: key)))
    case .ollamaRunning: listRunning(key, client)
    case .ollamaShow: try showOllama(request, key: key, client)
    case .metrics:
      let type = "text/plain; version=0.0.4; charset=utf-8"
      client.respond(status: 200, contentType: type, body: Array(metricsPage().utf8))
    case .root, .health, .ollamaVersion: break
    }
    return nil
  }

  /// Whether a request's body is taken at all.
  func admit(_ head: HTTPRequestHead) throws(ProviderError) {
    guard head.uri.utf8.count <= 8192 else {
      throw ProviderError(.invalidRequest, "the path is longer than 8192 bytes", status: 414)
    }
    guard !(try Self.endpoint(of: head)).isOpen else { return }
    _ = try key(of: head.headers)
  }

  private static func endpoint(of head: HTTPRequestHead) throws(ProviderError) -> Endpoint {
    do throws(Endpoint.Refusal) {
      return try Endpoint(method: head.method.rawValue, target: head.uri)
    } catch {
      switch error {
      case .unknown:
        let path = String(head.uri.prefix { $0 != "?" }.prefix(200))
        var error = ProviderError(
          .notFound,
          "nothing is served at \(HeaderText.clean(path)); models answer at /v1/chat/completions, "
            + "/v1/responses, /v1/messages, /v1/embeddings and /api/chat"
        )
        error.code = "unknown_path"
        throw error
      case .wrongMethod(let allowed):
        throw ProviderError(.invalidRequest, "ask with \(allowed)", status: 405)
      }
    }
  }

  private func answerOpenly(_ endpoint: Endpoint, _ client: ClientConnection) {
    switch endpoint {
    case .root:
      let text = Array("Ollama is running\n".utf8)
      client.respond(status: 200, contentType: "text/plain; charset=utf-8", body: text)
    case .ollamaVersion: client.answer(ModelListing.ollamaVersion())
    default: client.answer(Array(#"{"status":"ok"}"#.utf8))
    }
  }

  private func key(of headers: HTTPHeaders) throws(ProviderError) -> ActiveKey {
    let found = ClientCredential.keys(in: headers)
    guard let text = found.first, found.count == 1 else {
      throw ProviderError(
        .authentication,
        found.isEmpty
          ? "no key came with the request; make one with: caisson gateway key add NAME"
          : "different keys came with the request, and none is taken; send one"
      )
    }
    do {
      if let key = try keys.key(text, now: now()) { return key }
    } catch {
      complain("\(error)")
      throw ProviderError(.server, "the keys cannot be read, and so none is accepted", status: 503)
    }
    throw ProviderError(
      .authentication,
      "the key is not one of this gateway's, or it was revoked; see: caisson gateway key list"
    )
  }

  private func exchange(
    _ request: ClientRequest,
    dialect: Dialects.Dialect,
    key: ActiveKey,
    client: ClientConnection
  ) throws(ProviderError) -> Exchange {
    let scan = try Self.scan(request.body, dialect)
    guard begin() else {
      var error = ProviderError(.overloaded, "the gateway has as many requests as it takes")
      error.retryAfter = 1
      throw error
    }
    do {
      return try Exchange(request, scan: scan, key: key, client: client, gateway: self)
    } catch {
      abandoned()
      throw error
    }
  }

  private static func scan(
    _ body: [UInt8],
    _ dialect: Dialects.Dialect
  ) throws(ProviderError) -> RequestScan {
    do throws(RequestError) {
      return try RequestScan(body, dialect: dialect)
    } catch { throw ProviderError(error) }
  }

  // MARK: - Questions that no model answers

  /// An estimate, as its name in Anthropic's documentation: four bytes of text a token.
  private func countTokens(
    _ request: ClientRequest,
    _ client: ClientConnection
  ) throws(ProviderError) {
    let scan = try Self.scan(request.body, .anthropic)
    let text = scan.document.bytes.count - scan.features.mediaBytes
    let tokens = max(1, text / 4) + scan.features.images * 1600
    client.answer(ModelListing.countTokens(tokens))
  }

  private func listModels(
    _ request: ClientRequest,
    key: ActiveKey,
    _ client: ClientConnection
  ) {
    let models = listed(for: key)
    let speaksAnthropic = request.headers.contains(name: "anthropic-version")
    client.answer(
      speaksAnthropic ? ModelListing.anthropic(models) : ModelListing.openAI(models)
    )
  }

  /// What is in memory: elsewhere all that is offered, on this machine what the engine says.
  private func listRunning(_ key: ActiveKey, _ client: ClientConnection) {
    let offered = listed(for: key)
    guard let engine = configuration.providers.first(where: { $0.base.socket != nil }) else {
      return client.answer(ModelListing.ollamaTags(offered, isRunning: true))
    }
    let others = offered.filter { $0.owner != engine.name }
    upstreams.get(engine.base.text + "/api/ps").assumeIsolated().whenComplete { result in
      var residents: [(id: String, facts: JSON)] = []
      if case .success(let body) = result, let root = try? JSONDocument.object(body) {
        for facts in root.present("models")?.elements ?? JSONElements.none {
          let id = "\(engine.name)/\(facts.present("name")?.string ?? "")"
          if offered.contains(where: { $0.id == id }) { residents.append((id, facts)) }
        }
      }
      client.answer(ModelListing.ollamaTags(others, isRunning: true, residents: residents))
    }
  }

  private func showModel(
    _ name: String,
    _ request: ClientRequest,
    key: ActiveKey,
    _ client: ClientConnection
  ) throws(ProviderError) {
    let model = try listed(name, for: key)
    let speaksAnthropic = request.headers.contains(name: "anthropic-version")
    client.answer(speaksAnthropic ? ModelListing.anthropic(model) : ModelListing.openAI(model))
  }

  private func showOllama(
    _ request: ClientRequest,
    key: ActiveKey,
    _ client: ClientConnection
  ) throws(ProviderError) {
    let root: JSON
    do throws(JSONError) {
      root = try JSONDocument.object(request.body)
    } catch { throw ProviderError(RequestError.malformed(error)) }
    guard let name = (root.present("model") ?? root.present("name"))?.string else {
      throw ProviderError(RequestError.invalid(path: "model", why: "must be a string"))
    }
    let plain = name.hasSuffix(":latest") ? String(name.dropLast(7)) : name
    let model: ListedModel
    do throws(ProviderError) {
      model = try listed(name, for: key)
    } catch { model = try listed(plain, for: key) }
    client.answer(ModelListing.ollamaShow(model))
  }

  /// The models that a key may call.
  private func listed(for key: ActiveKey) -> [ListedModel] {
    let routes = routes
    var request = RouteRequest(name: "", allowed: key.terms.models, today: day)
    return routes.listed(on: day).filter { group in
      request.name = group.name
      return request.mayCall(group)
    }.map { ListedModel($0) }
  }

  private func listed(_ name: String, for key: ActiveKey) throws(ProviderError) -> ListedModel {
    let request = RouteRequest(name: name, allowed: key.terms.models, today: day)
    let route = routes.route(request, using: &chance)
    if let refusal = route.refusal {
      if case .unavailable = refusal {} else { throw ProviderError(refusal, route) }
    }
    guard let group = routes.group(name) else {
      throw ProviderError(.notFound, "no model is called that")
    }
    return ListedModel(group)
  }
}

extension ClientConnection {
  func answer(_ body: [UInt8]) { respond(status: 200, body: body) }
}

extension CalendarDate {
  /// Its beginning in UTC, since 1970.
  fileprivate var seconds: Int {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard parts.count >= 2, (1970...9999).contains(parts[0]), (1...12).contains(parts[1]) else {
      return 0
    }
    let day = parts.count > 2 ? parts[2] : 1
    // Days are counted in eras of 400 years that begin on the first of March.
    let year = parts[1] <= 2 ? parts[0] - 1 : parts[0]
    let month = (parts[1] + 9) % 12
    let (era, yearOfEra) = year.quotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * month + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return (era * 146_097 + dayOfEra - 719_468) * 86_400
  }
}

extension ListedModel {
  init(_ group: RouteTable.Group) {
    let model = group.offers.first?.model
    self.init(
      id: group.name,
      owner: model?.key.provider ?? "caisson",
      created: model?.released?.seconds ?? 0
    )
    displayName = group.kind == .model ? model?.name : nil
    contextLength = model?.limits.context
    seesImages = model?.input.contains(.image) ?? false
    callsTools = model?.capabilities.contains(.tools) ?? false
    thinks = model?.capabilities.contains(.reasoning) ?? false
    embeds = model?.capabilities.contains(.embeddings) ?? false
  }
}
