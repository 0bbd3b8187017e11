/// One entry of `network`.
package enum NetworkRule: Hashable, Sendable {
  case host(HostRule)
  case git(GitRule)
}

/// A host that may be reached, and what may be asked of it.
package struct HostRule: Hashable, Sendable {
  package var host: HostPattern
  package var ports: [UInt16]
  /// In the order of the document; a denial wins wherever it stands. Empty means: anything.
  package var rules: [RequestRule]
  /// The name of the secret that is added outside, and nowhere else.
  package var credential: String?
  /// Private address ranges that the name may resolve to, such as `10.0.0.0/8`.
  package var networks: [AddressRange]
  package var mark: SourceMark

  package init(
    host: HostPattern,
    ports: [UInt16] = [443],
    rules: [RequestRule] = [],
    credential: String? = nil,
    networks: [AddressRange] = [],
    line: Int? = nil
  ) {
    self.host = host
    self.ports = ports
    self.rules = rules
    self.credential = credential
    self.networks = networks
    mark = SourceMark(line: line)
  }
}

/// A repository on a forge: fetching always, pushing to the named branches, forcing never.
package struct GitRule: Hashable, Sendable {
  package var host: HostPattern
  /// The path of the repository on the host, without a leading slash.
  package var repository: String
  /// Patterns of branch names; `*` stands for anything within one level.
  package var push: [String]
  package var mark: SourceMark

  package init(host: HostPattern, repository: String, push: [String] = [], line: Int? = nil) {
    self.host = host
    self.repository = repository
    self.push = push
    mark = SourceMark(line: line)
  }
}

/// A request that is allowed or denied: a method and a pattern of its path.
package struct RequestRule: Hashable, Sendable {
  package enum Effect: String, Hashable, Sendable {
    case allow
    case deny
  }

  package var effect: Effect
  /// In capitals; `*` stands for any.
  package var method: String
  /// Begins with a slash; `*` stands for anything within a segment, `**` for any number of them.
  package var path: String

  package init(_ effect: Effect, method: String, path: String) {
    self.effect = effect
    self.method = method
    self.path = path
  }
}
