import Policy

/// `router_settings`, `litellm_settings` and `general_settings`.
extension LiteLLMReader {
  mutating func router(_ node: YAMLNode, _ section: String) {
    for (name, value) in node.fields {
      let path = "\(section).\(name)"
      if routing(name, value, path) { continue }
      switch name {
      case "routing_strategy": strategy(value, path)
      case "model_group_alias": aliases(value, path)
      case "retry_after":
        ledger.settle(path, .approximate, "waits grow by themselves, and Retry-After is honoured")
      case "enable_pre_call_checks":
        ledger.settle(path, .approximate, "windows are always checked beforehand")
      case "retry_policy", "model_group_retry_policy", "allowed_fails_policy":
        ledger.settle(path, .manual, "routing.attempts and breaker hold for every kind of failure")
      case "routing_strategy_args", "set_verbose", "debug_level":
        ledger.settle(path, .unsupported, "there is nothing to set here")
      case "cache_responses", "cache_kwargs":
        ledger.settle(path, .manual, "see cache, which keeps answers on this machine")
      default:
        if name.hasPrefix("redis_") {
          ledger.settle(path, .unsupported, "nothing is shared between machines by Redis")
        }
      }
    }
  }

  /// What stands in `router_settings` and in `litellm_settings`; whether this was some of it.
  private mutating func routing(_ name: String, _ value: YAMLNode, _ path: String) -> Bool {
    switch name {
    case "num_retries":
      guard let count = value.wholeNumber else { return false }
      configuration.routing.retry.attempts = min(10, count + 1)
      ledger.settle(
        path,
        count < 10 ? .exact : .approximate,
        "routing.attempts: \(min(10, count + 1)), the first included"
      )
    case "timeout", "request_timeout":
      guard let seconds = value.text.flatMap({ Decimal12($0) }),
        (1...86_400).contains(seconds.whole)
      else { return false }
      let total = Duration.milliseconds(seconds.whole * 1000 + seconds.fraction / 1_000_000_000)
      configuration.routing.timeouts.total = total
      ledger.settle(path, .exact, "routing.timeouts.total")
    case "stream_timeout":
      guard let seconds = value.wholeNumber, (1...86_400).contains(seconds) else { return false }
      configuration.routing.timeouts.firstByte = .seconds(seconds)
      ledger.settle(path, .approximate, "routing.timeouts.first_byte, for all requests")
    case "allowed_fails":
      guard let count = value.wholeNumber, (1...59).contains(count) else { return false }
      configuration.routing.breaker.failures = count + 1
      ledger.settle(path, .approximate, "routing.breaker.failures: \(count + 1), within its window")
    case "cooldown_time":
      guard let seconds = value.wholeNumber, (1...86_400).contains(seconds) else { return false }
      configuration.routing.breaker.rest = .seconds(seconds)
      configuration.routing.breaker.longestRest =
        max(.seconds(seconds), configuration.routing.breaker.longestRest)
      ledger.settle(path, .approximate, "routing.breaker.rest, which doubles while it fails")
    case "fallbacks": fallbacks(value, path)
    case "default_fallbacks":
      ledger.settle(path, .manual, "write a tier with the models in their order")
    case "context_window_fallbacks":
      ledger.settle(
        path,
        .manual,
        "write a tier with both models: one whose window is too small is left out"
      )
    case "content_policy_fallbacks":
      ledger.settle(path, .unsupported, "a refusal is an answer, and is passed on")
    default: return false
    }
    return true
  }

  private mutating func strategy(_ value: YAMLNode, _ path: String) {
    let policies: [String: (RoutePolicy, LiteLLMLedger.Status)] = [
      "simple-shuffle": (.weighted, .exact), "least-busy": (.leastBusy, .exact),
      "cost-based-routing": (.cheapest, .exact),
      "latency-based-routing": (.leastBusy, .approximate),
      "usage-based-routing": (.leastBusy, .approximate),
      "usage-based-routing-v2": (.leastBusy, .approximate),
    ]
    guard let text = value.text, let (policy, status) = policies[text] else {
      ledger.settle(path, .manual, "choose one of priority, weighted, cheapest, least_busy")
      return
    }
    configuration.routing.policy = policy
    ledger.settle(path, status, "routing.policy: \(policy.rawValue)")
  }

  private mutating func aliases(_ value: YAMLNode, _ path: String) {
    for (name, target) in value.fields {
      let own = "\(path).\(name)"
      guard (try? GatewayReader.name(name)) != nil else { continue }
      if let text = target.text {
        aliases.append((name, text, own))
      } else if let text = target["model"]?.text {
        aliases.append((name, text, "\(own).model"))
        ledger.settle("\(own).hidden", .unsupported, "every name that can be called is shown")
      }
    }
  }

  private mutating func fallbacks(_ value: YAMLNode, _ path: String) {
    for (index, item) in value.items.enumerated() {
      for (name, others) in item.fields {
        fallbacks.append((name, others.items.compactMap(\.text), "\(path)[\(index)].\(name)"))
      }
    }
  }

  mutating func library(_ node: YAMLNode) {
    let section = "litellm_settings"
    for (name, value) in node.fields {
      let path = "\(section).\(name)"
      if routing(name, value, path) { continue }
      switch name {
      case "max_budget", "budget_duration": budget(node, section)
      case "drop_params":
        if value.truth == true { configuration.unsupported = .drop }
        ledger.settle(
          path,
          .exact,
          "translation.unsupported: \(configuration.unsupported.rawValue)"
        )
      case "cache":
        if value.truth == true { configuration.cache = configuration.cache ?? CacheSettings() }
        ledger.settle(path, .approximate, "exact matches only, for the keys that ask for it")
      case "cache_params": cacheParameters(value, path)
      case "turn_off_message_logging", "redact_messages_in_exceptions":
        ledger.settle(
          path,
          value.truth == true ? .exact : .approximate,
          "content is not logged unless logs.content says so"
        )
      case "ssl_verify":
        if value.truth == true {
          ledger.settle(path, .exact, "certificates are always checked")
        } else {
          ledger.settle(
            path,
            .unsupported,
            "certificates are always checked: refused",
            isRefused: true
          )
        }
      case "set_verbose", "json_logs", "log_raw_request_response", "suppress_debug_info",
        "telemetry":
        ledger.settle(path, .unsupported, "there is nothing to set here")
      case "max_internal_user_budget", "internal_user_budget_duration", "max_end_user_budget",
        "max_user_budget", "default_team_settings", "default_internal_user_params",
        "upperbound_key_generate_params", "default_key_generate_params":
        ledger.settle(path, .manual, "budgets and keys are made one by one: see budgets")
      default:
        if Self.runsCode(name) {
          ledger.settle(
            path,
            .unsupported,
            "it runs other code, or sends requests to others: refused",
            isRefused: true
          )
        }
      }
    }
  }

  private static func runsCode(_ name: String) -> Bool {
    name.contains("callback") || name.hasPrefix("custom_") || name == "post_call_rules"
      || name == "pre_call_rules" || name.hasPrefix("langfuse") || name.contains("guardrail")
  }

  private mutating func budget(_ node: YAMLNode, _ section: String) {
    guard configuration.budgets.isEmpty else { return }
    let duration = node["budget_duration"]?.text
    let periods: [String: (BudgetSettings.Period, Bool)] = [
      "1h": (.hour, true), "60m": (.hour, true), "24h": (.day, true), "1d": (.day, true),
      "7d": (.week, true), "30d": (.month, false), "1mo": (.month, true),
    ]
    let found = duration.map { periods[$0] }
    guard let node = node["max_budget"], let text = node.text,
      let amount = try? Money(parsing: "\(text) USD"), amount.picoDollars > 0
    else {
      ledger.settle("\(section).max_budget", .manual, "write it under budgets")
      ledger.settle("\(section).budget_duration", .manual, "there is no budget for it")
      return
    }
    if let found, found == nil {
      ledger.settle("\(section).max_budget", .manual, "write it under budgets")
      ledger.settle("\(section).budget_duration", .manual, "choose hour, day, week, month or total")
      return
    }
    let (period, isExact) = (found ?? nil) ?? (.total, true)
    configuration.budgets.append(
      BudgetSettings(name: "proxy", amount: amount, period: period)
    )
    ledger.settle("\(section).max_budget", .exact, "budgets: proxy, \(amount.text)")
    ledger.settle(
      "\(section).budget_duration",
      isExact ? .exact : .approximate,
      isExact ? "per: \(period.rawValue)" : "per: month, which begins on its first day"
    )
  }

  private mutating func cacheParameters(_ node: YAMLNode, _ path: String) {
    var cache = configuration.cache ?? CacheSettings()
    for (name, value) in node.fields {
      let own = "\(path).\(name)"
      switch name {
      case "ttl":
        guard let seconds = value.wholeNumber, (1...31_536_000).contains(seconds) else { continue }
        cache.keep = .seconds(seconds)
        ledger.settle(own, .exact, "cache.keep")
      case "type":
        ledger.settle(
          own,
          value.text == "local" || value.text == "disk" ? .exact : .approximate,
          "answers are kept on this machine"
        )
      default: ledger.settle(own, .unsupported, "answers are kept on this machine")
      }
    }
    configuration.cache = cache
  }

  mutating func general(_ node: YAMLNode) {
    let section = "general_settings"
    let refused = [
      "database_url": "the ledger is Caisson's own, and no database is opened by a URL: refused",
      "custom_auth": "it runs other code: refused", "custom_sso": "it runs other code: refused",
      "custom_key_generate": "it runs other code: refused",
      "pass_through_endpoints": "it forwards to any address with a key: refused",
      "alerting": "nothing is sent to others: refused",
      "alert_to_webhook_url": "nothing is sent to others: refused",
      "enable_jwt_auth": "keys are the only way in: refused",
      "key_management_system": "secrets are kept by 'caisson secret': refused",
    ]
    for (name, value) in node.fields {
      let path = "\(section).\(name)"
      if let why = refused[name] {
        ledger.settle(path, .unsupported, why, isRefused: true)
        continue
      }
      switch name {
      case "master_key":
        ledger.settle(
          path,
          .manual,
          "keys are made here and stored as hashes; this one is not taken",
          isRefused: value.text.map { !$0.hasPrefix("os.environ/") } ?? false
        )
      case "global_max_parallel_requests":
        guard let count = value.wholeNumber, (1...100_000).contains(count) else { continue }
        configuration.limits.concurrency = count
        ledger.settle(path, .exact, "limits.concurrency: \(count)")
      case "max_request_size_mb":
        guard let count = value.wholeNumber, (1...4096).contains(count) else { continue }
        configuration.limits.body = UInt64(count) << 20
        ledger.settle(path, .exact, "limits.body: \(count)MiB")
      case "max_parallel_requests":
        ledger.settle(path, .manual, "a rate belongs to a key")
      case "store_model_in_db", "store_prompts_in_spend_logs", "disable_spend_logs",
        "proxy_batch_write_at", "database_connection_pool_limit",
        "allow_requests_on_db_unavailable":
        ledger.settle(path, .unsupported, "there is no such database")
      case "ui_access_mode", "disable_admin_ui":
        ledger.settle(path, .unsupported, "the console is apart from the gateway")
      default: break
      }
    }
  }
}
