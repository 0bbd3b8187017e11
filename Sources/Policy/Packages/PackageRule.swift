/// The registries that the package managers of one kind are configured to use.
///
/// A document names none of them: they are read from the clients' own configuration when a run
/// starts, and stand in the run's policy as hosts.
package struct PackageRule: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// pip and uv.
    case python
    /// apt.
    case system
    /// npm, and what reads its configuration.
    case node

    package init(parsing text: String) throws(ValueProblem) {
      if let kind = Self(rawValue: text) {
        self = kind
        return
      }
      let known = Self.allCases.map(\.rawValue)
      let synonyms = [
        "pip": "python", "uv": "python", "pypi": "python", "npm": "node", "apt": "system",
        "debian": "system", "javascript": "node",
      ]
      let name = text.lowercased()
      let near =
        synonyms[name] ?? known.first { name == "\($0)-packages" } ?? nearest(to: name, in: known)
      throw ValueProblem(
        "\(quoted(text)) is no kind of packages",
        remedy: near.map { "did you mean \($0)?" } ?? "write \(known.joined(separator: ", "))"
      )
    }

    /// The clients whose configuration is read.
    package var clients: String {
      switch self {
      case .python: "pip and uv"
      case .system: "apt"
      case .node: "npm"
      }
    }
  }

  package var kind: Kind
  /// As of a host: what private addresses the registries may be at.
  package var networks: [AddressRange]
  package var addresses: [String]
  package var mark: SourceMark

  package init(
    _ kind: Kind,
    networks: [AddressRange] = [],
    addresses: [String] = [],
    line: Int? = nil
  ) {
    self.kind = kind
    self.networks = networks
    self.addresses = addresses
    mark = SourceMark(line: line)
  }

  /// The entry in words, as messages name it.
  package var name: String {
    mark.line.map { "network: packages \(kind.rawValue) (line \($0))" }
      ?? "network: packages \(kind.rawValue)"
  }

  /// What the entry grants once its registries are known: reading there, and nothing else.
  ///
  /// Files of an index for pip or npm may lie anywhere on its host, those of a repository for apt lie
  /// below its address.
  package func hosts(_ registries: [Registry]) throws(ValueProblem) -> [HostRule] {
    var hosts: [HostRule] = []
    for registry in registries + Self.companions(of: registries) {
      let path = kind == .system ? registry.directory + "**" : "/**"
      var rules: [RequestRule] = []
      for method in ["GET", "HEAD"] {
        rules.append(try RequestRule(.allow, parsing: "\(method) \(path)"))
      }
      let index = hosts.firstIndex {
        $0.host == registry.host && $0.ports == [registry.port]
      }
      if let index {
        hosts[index].rules += rules.filter { !hosts[index].rules.contains($0) }
        continue
      }
      hosts.append(
        HostRule(
          host: registry.host,
          ports: [registry.port],
          rules: rules,
          networks: networks,
          addresses: addresses,
          encodedSlash: kind == .node,
          line: mark.line
        )
      )
    }
    return hosts
  }

  /// PyPI's index is at one name, and the files that it lists are at another.
  private static func companions(of registries: [Registry]) -> [Registry] {
    guard registries.contains(where: { $0.host.text == "pypi.org" }) else { return [] }
    return [Registry.known("files.pythonhosted.org")].compactMap(\.self)
  }
}
