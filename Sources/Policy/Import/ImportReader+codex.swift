extension ImportReader {
  mutating func codex(_ root: YAMLNode) {
    guard case .map(let pairs) = root.content else { return }
    var parts: [String: YAMLNode] = [:]
    for (key, value) in pairs {
      if case .scalar(let name, _) = key.content { parts[name] = value }
    }
    let known = ["sandbox_mode", "sandbox_workspace_write"]
    for name in parts.keys.sorted() where !known.contains(name) {
      if name == "default_permissions" || name.hasPrefix("permissions") || name == "profile"
        || name.hasPrefix("profiles")
      {
        nodes.report(
          parts[name] ?? root,
          name,
          "profiles of permissions are not read",
          "import a file with sandbox_mode alone"
        )
      }
      differ("'\(name)' is not imported.")
    }
    let keys =
      parts["sandbox_workspace_write"].map {
        nodes.map(
          $0,
          "sandbox_workspace_write",
          keys: [
            "writable_roots", "network_access", "exclude_tmpdir_env_var", "exclude_slash_tmp",
          ]
        )
      } ?? [:]
    differ("There everything may be read; here the workspace and $SYSTEM alone.")
    switch text(parts["sandbox_mode"], "sandbox_mode") {
    case "workspace-write": workspaceWrite(keys)
    case "read-only": readOnly()
    case nil:
      differ("Without sandbox_mode, read-only is meant.")
      readOnly()
    default:
      nodes.report(
        parts["sandbox_mode"] ?? root,
        "sandbox_mode",
        "this mode has no sandbox, or is unknown",
        "import read-only or workspace-write"
      )
    }
  }

  private mutating func readOnly() {
    document.workspace = .direct
    document.filesystem.write = []
  }

  private mutating func workspaceWrite(_ keys: [String: YAMLNode]) {
    let table = "sandbox_workspace_write"
    var write = [PathRule("$WORKSPACE")]
    for text in texts(keys["writable_roots"], "\(table).writable_roots") {
      guard text.hasPrefix("/") || text.hasPrefix("~/") else {
        differ("\(quoted(text)) is not granted: it is not absolute.")
        continue
      }
      let place = text.hasPrefix("~") ? "$HOME" + text.dropFirst() : text
      if let rule = path(place, in: .write, isOptional: true) { write.append(rule) }
    }
    if !flag(keys["exclude_slash_tmp"], "\(table).exclude_slash_tmp") {
      write.append(PathRule("/tmp"))
      differ("'/tmp' is private to the run, and empty when it starts.")
    }
    if !flag(keys["exclude_tmpdir_env_var"], "\(table).exclude_tmpdir_env_var") {
      differ("The directory of TMPDIR is not granted; a run's own is /tmp.")
    }
    if flag(keys["network_access"], "\(table).network_access") {
      differ("'network_access' is not granted: a network is granted host by host.")
    }
    var kept: [PathRule] = []
    for rule in write where !kept.contains(where: { $0.text == rule.text }) { kept.append(rule) }
    document.filesystem.write = kept
    differ("Changes wait until they are applied; '.git' may be written inside, and its hooks wait.")
  }
}
