import Policy

extension GatewayReader {
  mutating func routing(_ node: YAMLNode) {
    let keys = nodes.map(node, "routing", keys: GatewaySchema.routing)
    var routing = RoutingSettings()
    routing.policy = word(keys["policy"], "routing.policy") ?? routing.policy
    routing.retry.attempts =
      count(keys["attempts"], "routing.attempts", in: 1...10) ?? routing.retry.attempts
    routing.retryShare = share(keys["retry_share"], "routing.retry_share") ?? routing.retryShare
    routing.retry.longestAsked =
      duration(keys["longest_wait"], "routing.longest_wait") ?? routing.retry.longestAsked
    routing.listedOnly = flag(keys["listed_only"], "routing.listed_only") ?? false
    if let node = keys["breaker"] { breaker(node, &routing.breaker) }
    if let node = keys["timeouts"] { timeouts(node, &routing.timeouts) }
    configuration.routing = routing
  }

  private mutating func breaker(_ node: YAMLNode, _ breaker: inout CircuitBreaker.Settings) {
    let path = "routing.breaker"
    let keys = nodes.map(node, path, keys: GatewaySchema.breaker)
    breaker.failures = count(keys["failures"], "\(path).failures", in: 1...60) ?? breaker.failures
    breaker.window = duration(keys["window"], "\(path).window") ?? breaker.window
    breaker.rest = duration(keys["rest"], "\(path).rest") ?? breaker.rest
    breaker.longestRest =
      duration(keys["longest_rest"], "\(path).longest_rest")
      ?? max(breaker.longestRest, breaker.rest)
    breaker.probes = count(keys["probes"], "\(path).probes", in: 1...100) ?? breaker.probes
    if breaker.longestRest < breaker.rest, let node = keys["longest_rest"] {
      nodes.report(
        node,
        "\(path).longest_rest",
        "the longest rest is shorter than the first",
        "name a longer one, or a shorter rest"
      )
    }
  }

  private mutating func timeouts(_ node: YAMLNode, _ timeouts: inout Timeouts) {
    let path = "routing.timeouts"
    let keys = nodes.map(node, path, keys: GatewaySchema.timeouts)
    timeouts.connect = duration(keys["connect"], "\(path).connect") ?? timeouts.connect
    timeouts.firstByte = duration(keys["first_byte"], "\(path).first_byte") ?? timeouts.firstByte
    timeouts.idle = duration(keys["idle"], "\(path).idle") ?? timeouts.idle
    timeouts.total = duration(keys["total"], "\(path).total") ?? timeouts.total
  }

  /// Thousandths, from a percentage.
  private mutating func share(_ node: YAMLNode?, _ path: String) -> Int? {
    nodes.value(node, path, example: "20%") { text throws(ValueProblem) in
      guard text.hasSuffix("%"), let percent = Decimal12(text.dropLast()), percent.whole <= 100,
        percent.fraction % 100_000_000_000 == 0,
        percent.whole * 10 + percent.fraction / 100_000_000_000 <= 1000
      else {
        throw ValueProblem(
          "\(quoted(text)) is not a share of the requests",
          remedy: "write it as in 20%"
        )
      }
      return Int(percent.whole * 10 + percent.fraction / 100_000_000_000)
    }
  }
}
