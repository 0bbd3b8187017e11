/// One entry of `network`.
package enum NetworkRule: Hashable, Sendable {
  case host(HostRule)
  case git(GitRule)
  /// Grants nothing until the registries are known, and then stands as hosts.
  case packages(PackageRule)
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
  /// The addresses that the name means, in their usual spelling; empty means: ask the name service.
  package var addresses: [String]
  /// Whether a request may become a WebSocket. Without `rules` a host may be spoken to in any way.
  package var websocket: Bool
  /// Whether a segment of a path may hold an encoded slash, as registries of packages use it.
  package var encodedSlash: Bool
  /// The bytes that a run may send there, all connections together.
  package var sentBudget: UInt64?
  package var mark: SourceMark

  /// Whether the host means this machine and nothing else, whatever a name service says.
  package var staysHere: Bool {
    !addresses.isEmpty
      && addresses.allSatisfy { text in
        guard let address = AddressRange.address(text) else { return false }
        return address.count == 4
          ? address[0] == 127
          : address.dropLast().allSatisfy { $0 == 0 }
            && address.last == 1
      }
  }

  package init(
    host: HostPattern,
    ports: [UInt16] = [443],
    rules: [RequestRule] = [],
    credential: String? = nil,
    networks: [AddressRange] = [],
    addresses: [String] = [],
    websocket: Bool = false,
    encodedSlash: Bool = false,
    sentBudget: UInt64? = nil,
    line: Int? = nil
  ) {
    self.host = host
    self.ports = ports
    self.rules = rules
    self.credential = credential
    self.networks = networks
    self.addresses = addresses
    self.websocket = websocket
    self.encodedSlash = encodedSlash
    self.sentBudget = sentBudget
    mark = SourceMark(line: line)
  }
}

/// A repository on a forge: fetching always, pushing to what is named, and nothing else there.
package struct GitRule: Hashable, Sendable {
  package var host: HostPattern
  /// The path of the repository on the host, without a leading slash and without `.git`.
  package var repository: String
  package var ports: [UInt16]
  /// Patterns of branch names; `*` stands for anything within one level.
  package var push: [String]
  /// Patterns of the tags that may be made.
  package var tags: [String]
  /// Patterns of the branches, of those in `push`, that may be overwritten.
  package var force: [String]
  /// Patterns of the branches, of those in `push`, that may be deleted.
  package var delete: [String]
  package var credential: String?
  package var networks: [AddressRange]
  package var addresses: [String]
  package var mark: SourceMark

  package init(
    host: HostPattern,
    repository: String,
    ports: [UInt16] = [443],
    push: [String] = [],
    tags: [String] = [],
    force: [String] = [],
    delete: [String] = [],
    credential: String? = nil,
    networks: [AddressRange] = [],
    addresses: [String] = [],
    line: Int? = nil
  ) {
    self.host = host
    self.repository = repository
    self.ports = ports
    self.push = push
    self.tags = tags
    self.force = force
    self.delete = delete
    self.credential = credential
    self.networks = networks
    self.addresses = addresses
    mark = SourceMark(line: line)
  }
}

/// A request that is allowed or denied: a method, a pattern of its path, and conditions.
package struct RequestRule: Hashable, Sendable {
  package enum Effect: String, Hashable, Sendable {
    case allow
    case deny
  }

  /// What the field of a query or a header must look like; `*` stands for anything in the pattern.
  package struct Condition: Hashable, Sendable {
    /// A header's name is in lower case.
    package var name: String
    package var pattern: String

    package init(name: String, pattern: String) {
      self.name = name
      self.pattern = pattern
    }
  }

  package var effect: Effect
  /// In capitals; `*` stands for any.
  package var method: String
  /// Begins with a slash; `*` stands for anything within a segment, `**` for any number of them.
  package var path: String
  package var query: [Condition]
  package var header: [Condition]
  /// The bytes of the largest body; nil means: any.
  package var body: UInt64?

  package init(
    _ effect: Effect,
    method: String,
    path: String,
    query: [Condition] = [],
    header: [Condition] = [],
    body: UInt64? = nil
  ) {
    self.effect = effect
    self.method = method
    self.path = path
    self.query = query
    self.header = header
    self.body = body
  }
}

extension NetworkRule {
  /// The place that an entry is about; nil where it names none.
  var destination: HostRule? {
    switch self {
    case .host(let rule): rule
    case .git(let rule): rule.destination
    case .packages: nil
    }
  }
}

extension GitRule {
  /// The place of the repository, with nothing granted there by itself.
  var destination: HostRule {
    HostRule(
      host: host,
      ports: ports,
      credential: credential,
      networks: networks,
      addresses: addresses,
      line: mark.line
    )
  }

  /// The entry in words, as decisions name it.
  package var name: String {
    mark.line.map { "network: git \(host.text)/\(repository) (line \($0))" }
      ?? "network: git \(host.text)/\(repository)"
  }
}
