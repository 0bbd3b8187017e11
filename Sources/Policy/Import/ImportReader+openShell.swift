extension ImportReader {
  /// OpenShell's `version: 1`; where a preset names itself, the version may be missing.
  mutating func openShell(_ root: YAMLNode) {
    let keys = [
      "version", "preset", "filesystem_policy", "landlock", "process", "network_policies",
      "network_middlewares", "inference",
    ]
    let parts = nodes.map(root, "", keys: keys)
    guard case .map = root.content else { return }
    let isPreset = parts["preset"] != nil
    let version = text(parts["version"], "version")
    guard version == "1" || version == nil && isPreset else {
      nodes.report(root, "version", "OpenShell's version 1 is read alone", "write version: 1")
      return
    }
    if let node = parts["preset"] { _ = nodes.map(node, "preset", keys: ["name", "description"]) }
    if let node = parts["network_middlewares"], !isNothing(node) {
      nodes.report(
        node,
        "network_middlewares",
        "they check and change what is sent, which Caisson does not",
        "remove them to import the rest"
      )
    }
    if parts["inference"] != nil { differ("'inference' is not imported.") }
    landlock(parts["landlock"])
    process(parts["process"])
    let isBestEffort = text(parts["landlock"].flatMap { value($0, "compatibility") }, "landlock")
    if let node = parts["filesystem_policy"] {
      files(node, isOptional: isBestEffort != "hard_requirement")
    } else {
      differ("The source says nothing about files: Caisson's defaults hold.")
    }
    if let node = parts["network_policies"], !isNothing(node) { policies(node) }
  }

  private func isNothing(_ node: YAMLNode) -> Bool {
    if case .map(let pairs) = node.content { pairs.isEmpty } else { node.isNothing }
  }

  private func value(_ node: YAMLNode, _ name: String) -> YAMLNode? {
    guard case .map(let pairs) = node.content else { return nil }
    return pairs.first { pair in
      if case .scalar(name, _) = pair.key.content { true } else { false }
    }?.value
  }

  private mutating func landlock(_ node: YAMLNode?) {
    guard let node else { return }
    let keys = nodes.map(node, "landlock", keys: ["compatibility"])
    switch text(keys["compatibility"], "landlock.compatibility") {
    case "hard_requirement", nil: break
    case "best_effort":
      differ("'best_effort' is not imported: without its walls, Caisson runs nothing.")
    default:
      nodes.report(node, "landlock.compatibility", "unknown value", "write best_effort")
    }
  }

  private mutating func process(_ node: YAMLNode?) {
    guard let node else { return }
    let keys = nodes.map(node, "process", keys: ["run_as_user", "run_as_group"])
    if !keys.isEmpty {
      differ("'process' is not imported: a run is always unprivileged, under an id of its own.")
    }
  }

  /// The home of OpenShell's images, which is what a run works on there.
  private static let sandbox = "/sandbox"

  private mutating func files(_ node: YAMLNode, isOptional: Bool) {
    let path = "filesystem_policy"
    let keys = nodes.map(node, path, keys: ["include_workdir", "read_only", "read_write"])
    let isWorkdirWritten = flag(keys["include_workdir"], "\(path).include_workdir")
    var read: [PathRule] = []
    var write: [PathRule] = isWorkdirWritten ? [PathRule("$WORKSPACE")] : []
    for text in texts(keys["read_only"], "\(path).read_only") {
      if let rule = place(text, in: .read, isOptional: isOptional) { read.append(rule) }
    }
    for text in texts(keys["read_write"], "\(path).read_write") {
      if let rule = place(text, in: .write, isOptional: isOptional) { write.append(rule) }
    }
    document.filesystem.read = unique(read)
    document.filesystem.write = unique(write)
    differ("Paths are those of this machine, not of OpenShell's image.")
  }

  private func unique(_ rules: [PathRule]) -> [PathRule] {
    var kept: [PathRule] = []
    for rule in rules where !kept.contains(where: { $0.text == rule.text }) { kept.append(rule) }
    return kept
  }

  private mutating func place(
    _ text: String,
    in list: PathRule.List,
    isOptional: Bool
  ) -> PathRule? {
    let own = ["/proc", "/sys", "/dev", "/run", "/var/run"]
    if own.contains(where: { text == $0 || text.hasPrefix($0 + "/") }) {
      differ("\(quoted(text)) is not granted: a run has a /proc and a minimal /dev of its own.")
      return nil
    }
    guard text.hasPrefix("/") else {
      differ("\(quoted(text)) is not granted: it is not absolute.")
      return nil
    }
    if text == Self.sandbox || text.hasPrefix(Self.sandbox + "/") {
      differ("\(quoted(Self.sandbox)) is taken for the workspace.")
      let rest = text.dropFirst(Self.sandbox.count)
      return path("$WORKSPACE" + rest, in: list, isOptional: isOptional && !rest.isEmpty)
    }
    if text == "/tmp" {
      differ("'/tmp' is private to the run, and empty when it starts.")
      return path("/tmp", in: list, isOptional: false)
    }
    return path(text, in: list, isOptional: isOptional)
  }
}
