extension ImportReader {
  private static let networkKeys = [
    "allowedDomains", "deniedDomains", "deniedDomainReasons", "allowUnixSockets",
    "allowAllUnixSockets", "allowLocalBinding", "httpProxyPort", "socksProxyPort", "mitmProxy",
    "parentProxy", "tlsTerminate", "strictAllowlist", "allowMachLookup",
  ]
  private static let fileKeys = [
    "denyRead", "allowRead", "allowWrite", "denyWrite", "allowGitConfig", "disabled",
  ]
  private static let rootKeys = [
    "network", "filesystem", "ignoreViolations", "enableWeakerNestedSandbox",
    "enableWeakerNetworkIsolation", "allowAppleEvents", "ripgrep", "mandatoryDenySearchDepth",
    "allowPty", "seccomp", "javaAgentJarPath", "enabled",
  ]

  mutating func sandboxRuntime(_ root: YAMLNode) {
    let parts = nodes.map(root, "", keys: Self.rootKeys)
    for name in Self.rootKeys.dropFirst(2) where parts[name] != nil && name != "allowPty" {
      differ("'\(name)' is not imported.")
    }
    files(parts["filesystem"])
    if let node = parts["network"] { domains(node) }
    differ("Start-up files of git, shells and editors may be written inside, and wait at apply.")
  }

  private mutating func files(_ node: YAMLNode?) {
    let keys = node.map { nodes.map($0, "filesystem", keys: Self.fileKeys) } ?? [:]
    if flag(keys["disabled"], "filesystem.disabled") {
      differ("'filesystem.disabled' is not imported: a run always has its walls.")
    }
    if keys["allowGitConfig"] != nil { differ("'allowGitConfig' is not imported.") }
    differ(
      "There everything may be read that is not denied; here the workspace and $SYSTEM alone."
    )
    let readable = texts(keys["allowRead"], "filesystem.allowRead")
    if readable.contains(where: { $0 != "." && $0 != "./" }) {
      differ("'allowRead' lifts no denial here; add what is needed to filesystem.read.")
    }
    var write: [PathRule] = []
    for text in texts(keys["allowWrite"], "filesystem.allowWrite") {
      guard !isGlob(text) else {
        differ("\(quoted(text)) is not granted: it is a pattern.")
        continue
      }
      if text == "/tmp" { differ("'/tmp' is private to the run, and empty when it starts.") }
      let place = Self.place(text)
      let isCertain = place == "$WORKSPACE" || place == "/tmp"
      if let rule = path(place, in: .write, isOptional: !isCertain) { write.append(rule) }
    }
    document.filesystem.write = write
    for text in texts(keys["denyWrite"], "filesystem.denyWrite") {
      if isGlob(text) {
        differ("\(quoted(text)) is passed over, as there on Linux: it is a pattern.")
      } else {
        differ("\(quoted(text)) may not be read either: a denial is of both here.")
        deny(text, "filesystem.denyWrite", keys["denyWrite"])
      }
    }
    for text in texts(keys["denyRead"], "filesystem.denyRead") {
      if isGlob(text) {
        refuse(keys["denyRead"], "filesystem.denyRead", "the pattern \(quoted(text))")
      } else if ["/", "/home", "/Users", "/root", "~", "~/"].contains(text) {
        // Nothing there is granted but the workspace, which may lie there.
        guard readable.contains(".") || readable.contains("./") else {
          refuse(
            keys["denyRead"],
            "filesystem.denyRead",
            "\(quoted(text)) without '.' in allowRead"
          )
          continue
        }
        differ("\(quoted(text)) is not written as a denial: nothing else there is granted.")
      } else {
        deny(text, "filesystem.denyRead", keys["denyRead"])
      }
    }
  }

  private mutating func deny(_ text: String, _ key: String, _ node: YAMLNode?) {
    let place = Self.place(text)
    if ["/proc", "/sys", "/dev", "/run"].contains(where: { PathText.covers($0, place) }) {
      differ("\(quoted(text)) is not written as a denial: no run has the machine's.")
      return
    }
    guard let rule = path(place, in: .deny, isOptional: true), rule.text != "$WORKSPACE" else {
      refuse(node, key, quoted(text))
      return
    }
    if !document.filesystem.deny.contains(rule) { document.filesystem.deny.append(rule) }
  }

  /// A denial that is dropped would allow: the whole is refused instead.
  private mutating func refuse(_ node: YAMLNode?, _ key: String, _ what: String) {
    guard let node else { return }
    nodes.report(node, key, "\(what) cannot be said as a denial here", "remove or replace it")
  }

  private func isGlob(_ text: String) -> Bool {
    text.utf8.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }
  }

  /// A path as it is meant there, relative to where the sandbox starts.
  private static func place(_ text: String) -> String {
    var text = text
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    if text == "~" { return "$HOME" }
    if text.hasPrefix("~/") { return "$HOME" + text.dropFirst() }
    if text.hasPrefix("/") { return text }
    while text.hasPrefix("./") { text.removeFirst(2) }
    return text == "." || text.isEmpty ? "$WORKSPACE" : "$WORKSPACE/\(text)"
  }

  private mutating func domains(_ node: YAMLNode) {
    let keys = nodes.map(node, "network", keys: Self.networkKeys)
    let silent = ["allowedDomains", "deniedDomains", "deniedDomainReasons", "strictAllowlist"]
    for name in Self.networkKeys where keys[name] != nil && !silent.contains(name) {
      differ("'network.\(name)' is not imported.")
    }
    var denied: [Domain] = []
    for text in texts(keys["deniedDomains"], "network.deniedDomains") {
      guard let domain = Domain(text) else {
        refuse(keys["deniedDomains"], "network.deniedDomains", quoted(text))
        continue
      }
      denied.append(domain)
    }
    for text in texts(keys["allowedDomains"], "network.allowedDomains") {
      guard let domain = Domain(text), domain.name != "" else {
        differ("\(quoted(text)) is not granted: it is not a name.")
        continue
      }
      allow(domain, text, denied)
    }
  }

  private mutating func allow(_ domain: Domain, _ text: String, _ denied: [Domain]) {
    guard let host = try? HostPattern(parsing: domain.isPattern ? "*.\(domain.name)" : domain.name)
    else {
      differ("\(quoted(text)) is not granted: it is not the name of a host.")
      return
    }
    if domain.isPattern {
      differ("'*.\(domain.name)' means one label here, and any number of them there.")
    }
    if domain.port == nil {
      differ("A domain without a port is granted on 80 and 443 here, and on all ports there.")
    }
    let ports = (domain.port.map { [$0] } ?? [80, 443]).filter { port in
      !denied.contains { $0.coversAll(of: domain, port: port) }
    }
    guard !ports.isEmpty else {
      differ("\(quoted(text)) is not granted: it is denied, too.")
      return
    }
    document.network.append(.host(HostRule(host: host, ports: ports)))
    for denial in denied where !denial.isPattern && domain.isPattern {
      guard let name = try? HostPattern(parsing: denial.name), host.matches(name.text) else {
        continue
      }
      let closed = ports.filter { denial.port == nil || denial.port == $0 }
      guard !closed.isEmpty else { continue }
      let rule = RequestRule(.deny, method: "*", path: "/**")
      let entry = NetworkRule.host(HostRule(host: name, ports: closed, rules: [rule]))
      if !document.network.contains(entry) { document.network.append(entry) }
    }
  }

  /// `example.com`, `*.example.com` or `*`, perhaps with a port.
  private struct Domain {
    /// Without the star; empty where every name is meant.
    let name: String
    let isPattern: Bool
    let port: UInt16?

    init?(_ text: String) {
      let lower = text.lowercased()
      let parts = lower.split(separator: ":", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), !parts[0].isEmpty else { return nil }
      if parts.count == 2 {
        guard let number = digits(parts[1], atMost: 5), let port = UInt16(exactly: number), port > 0
        else { return nil }
        self.port = port
      } else {
        port = nil
      }
      isPattern = parts[0] == "*" || parts[0].hasPrefix("*.")
      name = String(isPattern ? parts[0].dropFirst(2) : parts[0])
      guard !name.contains("*"), !name.contains("/") else { return nil }
    }

    /// Whether nothing of the other's names, read as one label below a pattern, escapes this one.
    func coversAll(of other: Domain, port: UInt16) -> Bool {
      guard self.port == nil || self.port == port else { return false }
      guard isPattern else { return !other.isPattern && name == other.name }
      if name.isEmpty { return true }
      if other.name.hasSuffix("." + name) { return true }
      return other.isPattern && other.name == name
    }
  }
}
