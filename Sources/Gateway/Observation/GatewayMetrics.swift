import NIOCore

/// Counts and distributions under the names of OpenTelemetry's conventions for generative AI, in
/// the text format of Prometheus (dots become underscores, units are appended).
///
/// Names and buckets: opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics. Used on one event
/// loop.
struct GatewayMetrics {
  struct Labels: Hashable {
    /// As the conventions call them: `chat`, `text_completion`, `embeddings`.
    var operation: String
    var provider: String
    var model: String
  }

  private struct Call: Hashable {
    var labels: Labels
    /// Empty for success.
    var error: String
  }

  private struct Tokens: Hashable {
    var labels: Labels
    var isOutput: Bool
  }

  private var durations: [Call: Distribution] = [:]
  private var firstBytes: [Labels: Distribution] = [:]
  private var tokens: [Tokens: Distribution] = [:]
  private var costs: [Labels: Int64] = [:]
  private var losses: Int64 = 0
  /// Clients choose no labels: only what is configured makes a row, and those are bounded.
  private static let most = 2000

  private static let secondBounds: [Double] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
  ]
  private static let tokenBounds: [Double] = [
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262_144, 1_048_576, 4_194_304, 16_777_216,
    67_108_864,
  ]

  mutating func record(
    _ labels: Labels,
    error: String?,
    seconds: Double,
    firstByteSeconds: Double?,
    inputTokens: Int,
    outputTokens: Int,
    charged: Int64
  ) {
    guard durations.count < Self.most else {
      losses += 1
      return
    }
    let call = Call(labels: labels, error: error ?? "")
    durations[call, default: Distribution(Self.secondBounds)].add(seconds)
    if let firstByteSeconds {
      firstBytes[labels, default: Distribution(Self.secondBounds)].add(firstByteSeconds)
    }
    if inputTokens > 0 {
      let row = Tokens(labels: labels, isOutput: false)
      tokens[row, default: Distribution(Self.tokenBounds)].add(Double(inputTokens))
    }
    if outputTokens > 0 {
      let row = Tokens(labels: labels, isOutput: true)
      tokens[row, default: Distribution(Self.tokenBounds)].add(Double(outputTokens))
    }
    let (sum, overflows) = (costs[labels] ?? 0).addingReportingOverflow(charged)
    costs[labels] = overflows ? .max : sum
  }

  /// What is known of the gateway at this moment.
  struct Gauges {
    var requests: Int
    var connections: Int
    var resting: [String]
    var cacheHits: Int
    var cacheMisses: Int
  }

  func text(_ gauges: Gauges) -> String {
    var page = MetricsPage()
    page.head("gen_ai_client_operation_duration_seconds", "histogram", "From request to end.")
    for (call, distribution) in durations.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      var labels = Self.pairs(call.labels)
      if !call.error.isEmpty { labels.append(("error_type", call.error)) }
      page.histogram("gen_ai_client_operation_duration_seconds", labels, distribution)
    }
    page.head("gen_ai_server_time_to_first_token_seconds", "histogram", "Until the first byte.")
    for (labels, distribution) in firstBytes.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      let name = "gen_ai_server_time_to_first_token_seconds"
      page.histogram(name, Self.pairs(labels), distribution)
    }
    page.head("gen_ai_client_token_usage", "histogram", "Tokens of a call.")
    for (row, distribution) in tokens.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      let labels =
        Self.pairs(row.labels) + [("gen_ai_token_type", row.isOutput ? "output" : "input")]
      page.histogram("gen_ai_client_token_usage", labels, distribution)
    }
    page.head("caisson_charged_picodollars_total", "counter", "What calls cost, in 1e-12 USD.")
    for (labels, amount) in costs.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      page.sample("caisson_charged_picodollars_total", Self.pairs(labels), "\(amount)")
    }
    page.gauge("caisson_requests_active", "Requests under way.", gauges.requests)
    page.gauge("caisson_connections", "Connections of clients.", gauges.connections)
    page.gauge("caisson_cache_hits_total", "Answers from the cache.", gauges.cacheHits, "counter")
    page.gauge("caisson_cache_misses_total", "Not in the cache.", gauges.cacheMisses, "counter")
    page.head("caisson_offer_resting", "gauge", "Models that rest after failures.")
    for offer in gauges.resting { page.sample("caisson_offer_resting", [("offer", offer)], "1") }
    if losses > 0 {
      page.gauge("caisson_metrics_dropped_total", "Not counted.", Int(clamping: losses), "counter")
    }
    return page.text
  }

  private static func pairs(_ labels: Labels) -> [(String, String)] {
    [
      ("gen_ai_operation_name", labels.operation), ("gen_ai_provider_name", labels.provider),
      ("gen_ai_request_model", labels.model),
    ]
  }
}

/// How many fell below each bound.
struct Distribution {
  let bounds: [Double]
  private(set) var counts: [Int]
  private(set) var count = 0
  private(set) var sum = 0.0

  init(_ bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count)
  }

  mutating func add(_ value: Double) {
    count += 1
    sum += value
    if let place = bounds.firstIndex(where: { value <= $0 }) { counts[place] += 1 }
  }
}

/// The text format of Prometheus, version 0.0.4.
struct MetricsPage {
  private(set) var text = ""

  mutating func head(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      let list = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
      text += "{\(list.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  mutating func gauge(_ name: String, _ help: String, _ value: Int, _ type: String = "gauge") {
    head(name, type, help)
    sample(name, [], "\(value)")
  }

  mutating func histogram(
    _ name: String,
    _ labels: [(String, String)],
    _ distribution: Distribution
  ) {
    var below = 0
    for (bound, count) in zip(distribution.bounds, distribution.counts) {
      below += count
      sample("\(name)_bucket", labels + [("le", Self.number(bound))], "\(below)")
    }
    sample("\(name)_bucket", labels + [("le", "+Inf")], "\(distribution.count)")
    sample("\(name)_sum", labels, Self.number(distribution.sum))
    sample("\(name)_count", labels, "\(distribution.count)")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
