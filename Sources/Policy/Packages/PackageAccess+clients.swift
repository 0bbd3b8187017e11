extension PackageAccess {
  /// pip and uv. One that is configured tells the other, so that nothing that a person turned away
  /// from is asked.
  package static func python(
    _ pip: PipSettings,
    _ uv: UVSettings
  ) throws(ValueProblem) -> PackageAccess {
    var access = PackageAccess(.python)
    let pipIndex = pip.hasNoIndex ? nil : pip.index
    let own = try pipIndex.map { text throws(ValueProblem) in try access.add(text) }
    let other = try uv.index.map { text throws(ValueProblem) in try access.add(text) }
    let pipExtra = pip.hasNoIndex ? [] : access.add(pip.extra, "extra-index-url")
    let pipLinks = access.add(pip.links.filter(isAddress), "find-links")
    var uvExtra: [[Piece]] = []
    for index in uv.extra {
      guard let registry = access.add([index.address], "index").first else { continue }
      uvExtra.append([.text(index.name.map { "\($0)=" } ?? ""), .address(registry)])
    }
    let uvLinks = access.add(uv.links.filter(isAddress), "find-links")
    if own == nil, other == nil, !pip.hasNoIndex {
      access.isBuiltIn = true
      access.add(Registry.known("pypi.org", path: "/simple"))
    }
    if uvExtra.isEmpty, other == nil { uvExtra = pipExtra.map { [.address($0)] } }
    func tell(_ name: String, _ values: [[Piece]], _ separator: String = " ") {
      let values = values.filter { !$0.isEmpty }
      if !values.isEmpty {
        access.variables[name] = Array(values.joined(separator: [.text(separator)]))
      }
    }
    if pip.hasNoIndex {
      tell("PIP_NO_INDEX", [[.text("1")]])
    } else if let index = own ?? other {
      tell("PIP_INDEX_URL", [[.address(index)]])
    }
    tell("PIP_EXTRA_INDEX_URL", pipExtra.map { [.address($0)] })
    tell("PIP_FIND_LINKS", pipLinks.map { [.address($0)] })
    let hosts = Set(access.registries.map(\.host.text))
    tell(
      "PIP_TRUSTED_HOST",
      pip.trusted.filter { hosts.contains(String($0.prefix { $0 != ":" })) }.map { [.text($0)] }
    )
    if let index = other ?? own { tell("UV_DEFAULT_INDEX", [[.address(index)]]) }
    tell("UV_INDEX", uvExtra)
    tell("UV_FIND_LINKS", uvLinks.map { [.address($0)] }, ",")
    return try access.checked()
  }

  /// npm. What it is told lies in its global file, which files of a project go before: what these
  /// name is not granted by that.
  package static func node(_ npm: NPMSettings) throws(ValueProblem) -> PackageAccess {
    var access = PackageAccess(.node)
    var lines: [[Piece]] = []
    if let named = npm.registry {
      lines.append([.text("registry="), .address(try access.add(named))])
    } else {
      access.isBuiltIn = true
      access.add(Registry.known("registry.npmjs.org"))
    }
    for (scope, named) in npm.scopes.sorted(by: { $0.key < $1.key }) {
      guard scope.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3D }),
        let registry = access.add([named], "\(scope):registry").first
      else { continue }
      lines.append([.text("\(scope):registry="), .address(registry)])
    }
    for registry in access.registries {
      if let place = npm.token(for: registry) {
        access.guarded.append(registry)
        lines.append([.token(place: place, registry)])
      } else if npm.hasLogin(for: registry) {
        access.notes.append(
          "\(registry.host.text): of npm's logins only tokens can be stood in for (_authToken)"
        )
      }
    }
    // An audit is a request that sends, and is refused as such.
    lines += ["audit=false", "fund=false", "update-notifier=false"].map { [.text($0)] }
    access.file = ("/etc/caisson/npmrc", lines)
    access.variables["NPM_CONFIG_GLOBALCONFIG"] = [.text("/etc/caisson/npmrc")]
    return try access.checked()
  }

  /// apt, which downloads in a run and installs nothing: that needs root.
  package static func system(_ addresses: [String]) throws(ValueProblem) -> PackageAccess {
    var access = PackageAccess(.system)
    _ = access.add(addresses.filter(isAddress), "sources")
    // Its list would tell the run, and nothing else tells apt.
    for registry in access.guarded {
      access.notes.append("\(registry.host.text): not granted, because its list holds a login")
    }
    access.registries.removeAll { $0.login != .none }
    access.guarded = []
    let lines = [
      "Dir::State \"/tmp/apt/\";", "Dir::Cache \"/tmp/apt/\";",
      "Dir::State::status \"/dev/null\";", "APT::Sandbox::User \"\";",
    ]
    access.file = ("/etc/caisson/apt.conf", lines.map { [.text($0)] })
    access.variables["APT_CONFIG"] = [.text("/etc/caisson/apt.conf")]
    return try access.checked()
  }

  /// Whether a text is meant as an address of the web; files and discs need no network.
  private static func isAddress(_ text: String) -> Bool {
    let scheme = text.prefix { $0 != ":" }.lowercased()
    return scheme.hasSuffix("http") || scheme.hasSuffix("https")
  }

  private mutating func add(_ text: String) throws(ValueProblem) -> Registry {
    let registry = try Registry(parsing: text)
    // What cannot be written as a rule cannot be granted either.
    _ = try PackageRule(kind).hosts([registry])
    add(registry)
    return registry
  }

  /// Adds what can be granted, and notes what cannot.
  private mutating func add(_ texts: [String], _ key: String) -> [Registry] {
    var added: [Registry] = []
    for text in texts {
      do {
        added.append(try add(text))
      } catch {
        let note = "\(key): not granted, because \(error.what); \(error.remedy)"
        if !notes.contains(note) { notes.append(note) }
      }
    }
    return added
  }

  private mutating func add(_ registry: Registry?) {
    guard let registry, !registries.contains(registry) else { return }
    registries.append(registry)
    if kind != .node, registry.login != .none { guarded.append(registry) }
  }

  private func checked() throws(ValueProblem) -> PackageAccess {
    guard registries.isEmpty else { return self }
    throw ValueProblem(
      "the configuration of \(kind.clients) names no registry that can be reached",
      remedy: notes.first ?? "name one in their configuration, or a host in the policy"
    )
  }
}
