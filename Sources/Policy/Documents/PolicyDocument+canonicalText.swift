extension PolicyDocument {
  /// The document as YAML, the same for every document that says the same: what is hashed.
  ///
  /// Reading it gives the document again. Parts that a document leaves out are left out here, too,
  /// so that a later Caisson with other defaults does not change what an old text says about itself.
  package var canonicalText: String {
    var text = "version: 1\n"
    text += "workspace: { mode: \(workspace.rawValue) }\n"
    text += filesystemText
    text += environmentText
    text += limitsText
    text += block("network", network.map(\.canonicalText))
    if let models {
      let budget = models.budget.map { ", budget: \($0.text)" } ?? ""
      text += "models: { allow: \(YAMLText.list(models.allow))\(budget) }\n"
    }
    text += block("tools", tools.map(\.canonicalText))
    text += block(
      "approvals",
      approvals.map {
        "{ when: \(YAMLText.scalar($0.condition.text)), ask: \($0.ask.rawValue) }"
      }
    )
    return text
  }

  private func block(_ key: String, _ entries: [String]) -> String {
    guard !entries.isEmpty else { return "" }
    return "\(key):\n" + entries.map { "  - \($0)\n" }.joined()
  }

  private func part(_ key: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    return "\(key):\n" + lines.map { "  \($0)\n" }.joined()
  }

  private var filesystemText: String {
    var lines: [String] = []
    if let read = filesystem.read { lines.append("read: \(YAMLText.list(read.map(\.written)))") }
    if let write = filesystem.write {
      lines.append("write: \(YAMLText.list(write.map(\.written)))")
    }
    if !filesystem.deny.isEmpty {
      lines.append("deny: \(YAMLText.list(filesystem.deny.map(\.written)))")
    }
    if !filesystem.programs.isEmpty {
      lines.append("programs: \(YAMLText.list(filesystem.programs))")
    }
    return part("filesystem", lines)
  }

  private var environmentText: String {
    var lines: [String] = []
    if let pass = environment.pass { lines.append("pass: \(YAMLText.list(pass))") }
    if !environment.set.isEmpty {
      lines.append("set:")
      for (name, value) in environment.set.sorted(by: { $0.key < $1.key }) {
        lines.append("  \(YAMLText.scalar(name)): \(YAMLText.scalar(value))")
      }
    }
    return part("environment", lines)
  }

  private var limitsText: String {
    var lines: [String] = []
    if let wall = limits.wallSeconds { lines.append("wall: \(Limits.text(seconds: wall))") }
    if let memory = limits.memoryBytes { lines.append("memory: \(Limits.text(bytes: memory))") }
    if let processes = limits.processes { lines.append("processes: \(processes)") }
    if let disk = limits.diskBytes { lines.append("disk: \(Limits.text(bytes: disk))") }
    if let cpus = limits.cpus { lines.append("cpu: \(Limits.text(cores: cpus))") }
    return part("limits", lines)
  }

}
