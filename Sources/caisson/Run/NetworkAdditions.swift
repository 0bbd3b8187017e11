import Policy

/// What `--allow`, `--packages` and `--secret` grant besides the policy, as entries of `network`.
struct NetworkAdditions {
  private(set) var rules: [NetworkRule] = []
  private var credentials: [(name: String, hosts: [String])] = []

  /// - Parameters:
  ///   - allowed: `HOST` or `HOST:PORT`; the port is 443 where none is named.
  ///   - packages: kinds of packages.
  ///   - secrets: names of stored secrets; each grants the hosts that it is bound to.
  static func read(
    _ allowed: [String],
    _ packages: [String],
    _ secrets: [String],
    home: Home
  ) throws -> NetworkAdditions {
    var additions = NetworkAdditions()
    for text in allowed { additions.rules.append(.host(try host(text))) }
    for text in packages { additions.rules.append(.packages(try kind(text))) }
    guard !secrets.isEmpty else { return additions }
    do {
      for secret in try SecretStore(home: home).load(names: secrets) {
        additions.credentials.append((secret.name, secret.bindings.map(\.host)))
      }
    } catch {
      throw RunSession.Refusal.policy("\(error)")
    }
    return additions
  }

  private static func host(_ text: String) throws -> HostRule {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    do {
      let host = try HostPattern(parsing: String(parts[0]))
      guard parts.count == 2 else { return HostRule(host: host) }
      guard !text.contains("://") else {
        throw RunSession.Refusal(
          status: 64,
          message: "--allow \(text): this is an address; name its host alone, as in api.example.com"
        )
      }
      guard let port = UInt16(parts[1]), port > 0 else {
        throw RunSession.Refusal(
          status: 64,
          message: "--allow \(text): '\(parts[1])' is not a port; name 1 to 65535"
        )
      }
      return HostRule(host: host, ports: [port])
    } catch let problem as ValueProblem {
      throw RunSession.Refusal(
        status: 64,
        message: "--allow \(text): \(problem.what); \(problem.remedy)"
      )
    }
  }

  private static func kind(_ text: String) throws -> PackageRule {
    do throws(ValueProblem) {
      return PackageRule(try PackageRule.Kind(parsing: text))
    } catch {
      throw RunSession.Refusal(
        status: 64,
        message: "--packages \(text): \(error.what); \(error.remedy)"
      )
    }
  }

  /// Gives the secrets to the entries of a document, once all of its hosts are known.
  func bind(in network: inout [NetworkRule]) {
    for (name, hosts) in credentials {
      for host in Set(hosts).sorted() { Self.bind(name, to: host, in: &network) }
    }
  }

  /// Gives a host the credential: in the entry that is there, or in a new one.
  private static func bind(_ name: String, to host: String, in network: inout [NetworkRule]) {
    for (index, entry) in network.enumerated() {
      guard case .host(var rule) = entry, rule.host.text == host, rule.credential == nil else {
        continue
      }
      rule.credential = name
      network[index] = .host(rule)
      return
    }
    guard let pattern = try? HostPattern(parsing: host) else { return }
    network.append(.host(HostRule(host: pattern, credential: name)))
  }
}
