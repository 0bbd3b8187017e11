import Policy

/// What an entry of `model_list` says beside the model's name.
extension LiteLLMReader {
  mutating func parameter(
    _ name: String,
    _ value: YAMLNode,
    _ path: String,
    _ model: inout ModelSettings
  ) {
    if price(name, value, path, &model) { return }
    switch name {
    case "weight":
      if let weight = value.wholeNumber, (1...1000).contains(weight) {
        model.weight = weight
        ledger.settle(path, .exact, "weight: \(weight)")
      }
    case "litellm_credential_name": ledger.settle(path, .exact, "the provider's key and base")
    case "rpm", "tpm", "max_parallel_requests":
      ledger.settle(path, .manual, "a rate belongs to a key, or concurrency to the provider")
    case "timeout", "stream_timeout", "max_retries", "num_retries", "cooldown_time":
      ledger.settle(path, .manual, "routing holds for all models: see routing.timeouts, attempts")
    case "max_budget", "budget_duration":
      ledger.settle(path, .manual, "a budget belongs to a key: see budgets")
    case "drop_params", "additional_drop_params":
      ledger.settle(path, .manual, "translation holds for all models: see translation.unsupported")
    case "order": ledger.settle(path, .manual, "write the models of the tier in that order")
    case "tags": ledger.settle(path, .unsupported, "tiers take the place of tags")
    case "api_version", "aws_region_name", "vertex_project", "vertex_location", "region_name":
      ledger.settle(path, .unsupported, "no provider here asks for it")
    case "temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "n",
      "presence_penalty", "frequency_penalty", "thinking", "reasoning_effort", "extra_body":
      ledger.settle(path, .unsupported, "a request says itself what it wants")
    default: break
    }
  }

  /// Rates, which LiteLLM lets stand in two places; whether this was one.
  private mutating func price(
    _ name: String,
    _ value: YAMLNode,
    _ path: String,
    _ model: inout ModelSettings
  ) -> Bool {
    let units: [String: PriceUnit] = [
      "input_cost_per_token": .input, "output_cost_per_token": .output,
      "cache_read_input_token_cost": .cacheRead, "cache_creation_input_token_cost": .cacheWrite,
      "cache_creation_input_token_cost_above_1hr": .cacheWriteHour,
      "output_cost_per_reasoning_token": .reasoning, "input_cost_per_audio_token": .audioInput,
      "output_cost_per_audio_token": .audioOutput, "output_cost_per_image": .image,
      "input_cost_per_second": .audioInputSecond, "output_cost_per_second": .videoSecond,
      "input_cost_per_request": .request,
    ]
    guard let unit = units[name] else { return false }
    guard let price = value.text.flatMap(ScientificPrice.init) else {
      ledger.settle(path, .manual, "this is no price that can be read")
      return true
    }
    var list = model.price?.list ?? PriceList([:])
    list.base[unit] = price.rate
    model.price = .listed(list)
    ledger.settle(
      path,
      price.isExact ? .exact : .approximate,
      "price.\(unit.rawValue): \(price.rate.text(for: unit))"
        + (price.isExact ? "" : ", rounded up to a pico-dollar")
    )
    return true
  }

  mutating func information(
    _ name: String,
    _ value: YAMLNode,
    _ path: String,
    _ model: inout ModelSettings
  ) {
    if price(name, value, path, &model) { return }
    let abilities: [String: Capabilities] = [
      "supports_function_calling": .tools, "supports_response_schema": .json,
      "supports_reasoning": .reasoning, "supports_native_streaming": .streaming,
    ]
    let senses: [String: Modalities] = [
      "supports_vision": .image, "supports_audio_input": .audio, "supports_pdf_input": .pdf,
      "supports_video_input": .video,
    ]
    if let ability = abilities[name], let truth = value.truth {
      var all = model.capabilities ?? known(model)?.capabilities ?? .streaming
      if truth { all.insert(ability) } else { all.remove(ability) }
      model.capabilities = all
      ledger.settle(path, .exact, "can: [\(all.names.joined(separator: ", "))]")
      return
    }
    if let sense = senses[name], let truth = value.truth {
      var all = model.input ?? known(model)?.input ?? .text
      if truth { all.insert(sense) } else { all.remove(sense) }
      model.input = all
      ledger.settle(path, .exact, "input: [\(all.names.joined(separator: ", "))]")
      return
    }
    switch name {
    case "max_input_tokens", "max_tokens":
      guard name == "max_input_tokens", let count = value.wholeNumber, count > 0 else {
        ledger.settle(path, .manual, "write context or max_output, whichever is meant")
        return
      }
      model.context = count
      ledger.settle(path, .approximate, "context, which holds the answer, too")
    case "max_output_tokens":
      guard let count = value.wholeNumber, count > 0 else { return }
      model.maxOutput = count
      ledger.settle(path, .exact, "max_output: \(count)")
    case "mode": ledger.settle(path, .approximate, "told by what a request asks for")
    case "base_model":
      ledger.settle(path, .manual, "if it is there for its price, write the price")
    case "id": ledger.settle(path, .unsupported, "models are called by their names")
    case "description", "metadata", "created_at", "updated_at":
      ledger.settle(path, .unsupported, "nothing depends on it")
    case "access_groups", "team_id", "allowed_routes":
      ledger.settle(path, .manual, "who may call a model is said by the keys")
    default: break
    }
  }

  private func known(_ model: ModelSettings) -> ModelEntry? {
    configuration.provider(model.provider)?.catalogue.flatMap { source in
      catalogue.models(named: "\(source)/\(model.model)").first { $0.key.provider == source }
    }
  }

  /// What of `credential_list` no deployment took.
  mutating func settleCredentials() {
    let used = Set(
      (root["model_list"]?.items ?? []).compactMap {
        $0["litellm_params"]?["litellm_credential_name"]?.text
      }
    )
    for (index, item) in (root["credential_list"]?.items ?? []).enumerated() {
      let path = "credential_list[\(index)]"
      let isUsed = item["credential_name"]?.text.map { used.contains($0) } ?? false
      if isUsed {
        ledger.settle("\(path).credential_name", .exact, "providers take its place")
      } else {
        ledger.settle(path, .manual, "no model names it; add a provider if it is needed")
      }
      ledger.settle("\(path).credential_info", .unsupported, "nothing depends on it")
    }
  }
}
