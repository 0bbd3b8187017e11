import Policy

/// `model_list`.
extension LiteLLMReader {
  mutating func model(_ node: YAMLNode, _ path: String) {
    let parameters = "\(path).litellm_params"
    let group = node["model_name"]?.text ?? ""
    guard let written = node["litellm_params"]?["model"]?.text else {
      ledger.settle(path, .unsupported, "the entry names no model")
      return
    }
    if (node["litellm_params"]?.fields ?? []).contains(where: { $0.name.hasPrefix("mock_") }) {
      // As a real model it would cost money that its mock did not.
      ledger.settle(path, .unsupported, "no answer is made up here: refused", isRefused: true)
      return
    }
    let (provider, id) = split(written, node["litellm_params"]?["custom_llm_provider"]?.text)
    if id.contains("*") || group.contains("*") {
      wildcard(provider, path, node)
      return
    }
    if isElsewhere(provider, path) { return }
    guard (try? GatewayReader.name(group)) != nil, (try? GatewayReader.name(id)) != nil else {
      ledger.settle(path, .unsupported, "the name has characters that no name has here")
      return
    }
    guard let settings = provider.flatMap({ self.provider($0, id, node, path) }) else {
      if provider == nil {
        ledger.settle(path, .manual, "whose model \(quoted(written)) is cannot be told; add it")
      }
      return
    }
    ledger.settle("\(path).model_name", .exact, "models or tiers: \(quoted(group))")
    ledger.settle("\(parameters).model", .exact, "\(settings.name)/\(id)")
    ledger.settle("\(parameters).custom_llm_provider", .exact, "part of the provider")
    var model = ModelSettings(name: group, provider: settings.name, model: id)
    for field in node["litellm_params"]?.fields ?? [] {
      parameter(field.name, field.value, "\(parameters).\(field.name)", &model)
    }
    for field in node["model_info"]?.fields ?? [] {
      information(field.name, field.value, "\(path).model_info.\(field.name)", &model)
    }
    checkPrice(model, settings, path)
    deployments.append(Deployment(group: group, settings: model))
  }

  private func split(_ written: String, _ named: String?) -> (LiteLLMProvider?, String) {
    if let slash = written.firstIndex(of: "/") {
      let prefix = String(written[..<slash])
      let rest = String(written[written.index(after: slash)...])
      if let provider = LiteLLMProvider.named(prefix), named == nil || named == prefix {
        return (provider, rest)
      }
    }
    if let named { return (LiteLLMProvider.named(named), written) }
    let guess = LiteLLMProvider.guess(written, catalogue: catalogue)
    return (guess.flatMap(LiteLLMProvider.named), written)
  }

  /// Whether it is a provider that nothing here speaks to; then the entry is settled.
  private mutating func isElsewhere(_ provider: LiteLLMProvider?, _ path: String) -> Bool {
    switch provider?.support {
    case .manual(let why): ledger.settle(path, .manual, why)
    case .unsupported(let why): ledger.settle(path, .unsupported, why)
    case .known, .compatible, .ollama, nil: return false
    }
    return true
  }

  /// `openai/*`: what a provider serves can be called anyway.
  private mutating func wildcard(_ provider: LiteLLMProvider?, _ path: String, _ node: YAMLNode) {
    guard let provider, case .known(let id) = provider.support,
      self.provider(provider, "", node, path)?.catalogue == id
    else {
      ledger.settle(path, .manual, "name the models that are meant")
      return
    }
    ledger.settle("\(path).litellm_params.api_key", .exact, "the provider's key")
    ledger.settle(
      path,
      .approximate,
      "all models of \(id) that the catalogue knows can be called as \(id)/NAME"
    )
  }

  /// The provider of a deployment, made where there is none with that address and key.
  private mutating func provider(
    _ provider: LiteLLMProvider,
    _ id: String,
    _ node: YAMLNode,
    _ path: String
  ) -> ProviderSettings? {
    var settings: ProviderSettings
    switch provider.support {
    case .known(let id):
      guard let entry = catalogue.provider(id), let base = try? BaseURL(parsing: entry.base) else {
        ledger.settle(path, .unsupported, "the catalogue does not know \(id)")
        return nil
      }
      settings = ProviderSettings(name: id, dialect: entry.dialect, base: base, catalogue: id)
    case .compatible(let text):
      guard let base = try? BaseURL(parsing: text ?? "http://127.0.0.1:8000/v1") else { return nil }
      settings = ProviderSettings(name: provider.prefix, dialect: .openai, base: base)
      if text == nil, value("api_base", of: node) == nil {
        ledger.settle(path, .manual, "it names no api_base; add the provider with its base")
        return nil
      }
    case .ollama:
      guard let base = try? BaseURL(parsing: "http://127.0.0.1:11434") else { return nil }
      settings = ProviderSettings(name: "ollama", dialect: .ollama, base: base)
    case .manual, .unsupported: return nil
    }
    guard address(&settings, node, path) else { return nil }
    key(&settings, node, path)
    headers(&settings, node, path)
    return kept(settings)
  }

  /// A value of the deployment, or of the credential that it names.
  private func value(_ name: String, of node: YAMLNode) -> (node: YAMLNode, path: String?)? {
    if let own = node["litellm_params"]?[name] { return (own, nil) }
    guard let credential = node["litellm_params"]?["litellm_credential_name"]?.text else {
      return nil
    }
    for (index, item) in (root["credential_list"]?.items ?? []).enumerated()
    where item["credential_name"]?.text == credential {
      return item["credential_values"]?[name].map {
        ($0, "credential_list[\(index)].credential_values.\(name)")
      }
    }
    return nil
  }

  private mutating func address(
    _ settings: inout ProviderSettings,
    _ node: YAMLNode,
    _ path: String
  ) -> Bool {
    let name = value("api_base", of: node) == nil ? "base_url" : "api_base"
    guard let found = value(name, of: node), let text = found.node.text else { return true }
    let key = found.path ?? "\(path).litellm_params.\(name)"
    guard !text.hasPrefix("os.environ/"), let base = try? BaseURL(parsing: text) else {
      ledger.settle(path, .manual, "its address is not written out; add the provider with its base")
      return false
    }
    if base.isLoopback, settings.catalogue != nil {
      // A server on this machine speaks that interface, and sends no bill.
      settings.name += "-local"
      settings.catalogue = nil
    }
    if hasWildcards, base != settings.base {
      // What a wildcard opens is that provider's, and not what others serve under its names.
      settings.catalogue = nil
    }
    settings.base = base
    settings.isInsecure = !base.isTLS && !base.isLoopback
    if settings.isInsecure {
      ledger.settle(key, .approximate, "insecure: true, because it is http beyond this machine")
    } else {
      ledger.settle(key, .exact, "base: \(base.text)")
    }
    return true
  }

  private mutating func key(
    _ settings: inout ProviderSettings,
    _ node: YAMLNode,
    _ path: String
  ) {
    let usual = settings.catalogue.flatMap { catalogue.provider($0) }?.keys.first
    guard let found = value("api_key", of: node), let text = found.node.text else {
      // LiteLLM looks for the usual variable where none is named.
      if !settings.base.isLoopback { settings.key = usual.map { .environment($0) } ?? .none }
      return
    }
    let key = found.path ?? "\(path).litellm_params.api_key"
    if text.hasPrefix("os.environ/") {
      let name = String(text.dropFirst("os.environ/".count))
      if (try? Names.variable(name, isPattern: false)) != nil {
        settings.key = .environment(name)
        ledger.settle(key, .exact, "key: { env: \(name) }")
        return
      }
    }
    if settings.base.isLoopback {
      ledger.settle(key, .approximate, "left out: nothing on this machine asks for it")
      return
    }
    // What people write where something is wanted and nothing is needed.
    let nothing = ["none", "null", "empty", "dummy", "fake-key", "na", "not-needed", "sk-none"]
    if nothing.contains(text.lowercased()) {
      ledger.settle(key, .approximate, "key: none")
      return
    }
    // A secret is bound to a host, so that one of another host has another name.
    let isUsual = settings.catalogue.flatMap { catalogue.provider($0)?.base } == settings.base.text
    let name = (isUsual ? usual : nil) ?? Self.secretName(of: settings.base.host)
    settings.key = .secret(name)
    ledger.settle(
      key,
      .manual,
      "a key does not belong into a file: caisson secret set \(name) --host \(settings.base.host)",
      isRefused: true
    )
  }

  /// A name that a stored secret can have.
  private static func secretName(of host: String) -> String {
    let letters = host.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return "\(String(letters.suffix(48)))_KEY"
  }

  private mutating func headers(
    _ settings: inout ProviderSettings,
    _ node: YAMLNode,
    _ path: String
  ) {
    let parameters = "\(path).litellm_params"
    if let text = node["litellm_params"]?["organization"]?.text {
      if text.hasPrefix("os.environ/") {
        ledger.settle(
          "\(parameters).organization",
          .manual,
          "write it under the provider's headers"
        )
      } else {
        settings.headers["OpenAI-Organization"] = text
        ledger.settle("\(parameters).organization", .exact, "a header of the provider")
      }
    }
    for name in ["extra_headers", "headers"] {
      for field in node["litellm_params"]?[name]?.fields ?? [] {
        let key = "\(parameters).\(name).\(field.name)"
        guard let text = field.value.text, !text.hasPrefix("os.environ/"),
          isHarmless(field.name, text)
        else {
          ledger.settle(key, .manual, "it may carry a key; write the secret's name under key")
          continue
        }
        settings.headers[field.name] = text
        ledger.settle(key, .exact, "a header of the provider")
      }
    }
  }

  private func isHarmless(_ name: String, _ text: String) -> Bool {
    let document = """
      version: 1
      providers:
        openai: { key: none, headers: { \(YAMLText.scalar(name)): \(YAMLText.scalar(text)) } }
      """
    return (try? GatewayConfiguration.parse(document, file: "", catalogue: catalogue)) != nil
  }

  /// One provider for each address and key; a second one of a name gets a number.
  private mutating func kept(_ settings: ProviderSettings) -> ProviderSettings {
    var number = 1
    while true {
      var candidate = settings
      if number > 1 { candidate.name = "\(settings.name)-\(number)" }
      guard let known = configuration.provider(candidate.name) else {
        configuration.providers.append(candidate)
        return candidate
      }
      if known == candidate { return known }
      number += 1
    }
  }

  /// A price that nobody knows is refused under a budget; a person should hear of it now.
  private mutating func checkPrice(
    _ model: ModelSettings,
    _ provider: ProviderSettings,
    _ path: String
  ) {
    guard model.price == nil else { return }
    let known = provider.catalogue.flatMap { source in
      catalogue.models(named: "\(source)/\(model.model)").first { $0.key.provider == source }
    }
    if let known, known.lifecycle.isOver(on: .never) {
      ledger.settle(
        "\(path).litellm_params.model",
        .approximate,
        "the catalogue says: \(known.lifecycle.text)"
      )
    } else if known?.price.isKnown != true {
      ledger.settle(
        "\(path).litellm_params.model",
        .approximate,
        "its price is not known: add price: { input: …, output: … } or free"
      )
    }
  }
}
