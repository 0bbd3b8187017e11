import Policy

/// How long a decision about a request takes, its reading into one form included.
///
///     swift build -c release && .build/release/decisions
@main
enum Decisions {
  static func main() throws {
    try measure("1 entry, 2 rules", rules: 2, hosts: 1, target: "/v1/items/7?page=2")
    try measure("20 entries, 10 rules each", rules: 10, hosts: 20, target: "/v1/items/7?page=2")
    try measure(
      "20 entries, 10 rules each, a long path",
      rules: 10,
      hosts: 20,
      target: "/v1/" + String(repeating: "some-segment/", count: 30) + "?a=1&b=%20c&d=e"
    )
    try measure("200 rules for one host", rules: 200, hosts: 1, target: "/v1/items/7?page=2")
  }

  private static func measure(
    _ name: String,
    rules count: Int,
    hosts: Int,
    target: String
  ) throws {
    // What allows stands last, so that every rule is looked at.
    let rules =
      (0..<(count - 1)).map {
        $0 % 2 == 0 ? "{ allow: \"GET /r\($0)/**/x-*\" }" : "{ deny: \"* /r\($0)/*/y\" }"
      } + ["{ allow: \"GET /v1/**\" }"]
    let entries = (0..<hosts).map {
      "  - { host: h\($0).example.com, rules: [\(rules.joined(separator: ", "))] }\n"
    }
    let document = try PolicyDocument.parse(
      "version: 1\nnetwork:\n" + entries.joined(),
      file: "policy"
    )
    let policy = NetworkPolicy(rules: document.network)
    let host = "h\(hosts - 1).example.com"
    let headers = [
      (name: "accept", value: "*/*"), (name: "user-agent", value: "bench/1"),
      (name: "authorization", value: "Bearer x"), (name: "content-type", value: "text/plain"),
    ]
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<20_000 {
      let begun = clock.now
      let request = try CanonicalRequest(
        method: "GET",
        target: target,
        scheme: "https",
        authority: host,
        headers: headers
      )
      guard case .allowed = policy.decide(request, host: host, port: 443) else {
        print("\(name): denied, which it should not be")
        return
      }
      times.append(Double((clock.now - begun).components.attoseconds) / 1e12)
    }
    times.sort()
    let p50 = times[times.count / 2]
    let p99 = times[times.count * 99 / 100]
    print("\(name): p50 \(rounded(p50)) µs, p99 \(rounded(p99)) µs")
  }

  private static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
