extension CompiledPolicy {
  /// The whole policy in sentences, one line each.
  package var summary: [String] {
    var lines = [workspaceSentence]
    lines.append("It may read \(sentence(document.filesystem.effectiveRead)).")
    if !programs.isEmpty {
      lines.append("It may read the installations of \(programs.joined(separator: ", ")).")
    }
    lines.append("It may write \(sentence(document.filesystem.effectiveWrite)).")
    if !document.filesystem.deny.isEmpty {
      lines.append("It may neither read nor write \(sentence(document.filesystem.deny)).")
    }
    let hidden = deny.filter { $0.rule == BuiltInRule.credentials.name }.count
    if hidden > 0 {
      let places = hidden == 1 ? "one place" : "\(hidden) places"
      lines.append("Below what it may read, \(places) of credentials stay hidden from it.")
    }
    lines.append(
      "Of your environment it sees \(environment.effectivePass.joined(separator: ", "))."
    )
    if !environment.set.isEmpty {
      let names = environment.set.keys.sorted().joined(separator: ", ")
      lines.append("These variables are set for it: \(names).")
    }
    lines.append(limitsSentence)
    lines.append(networkSentence)
    if workspaceMode == .overlay || workspaceMode == .branch {
      lines.append("Start-up files (git hooks, shells, editors, tool servers) are held at apply.")
    }
    return lines
  }

  private var workspaceSentence: String {
    let place = workspace ?? "nothing"
    switch workspaceMode {
    case .overlay:
      return "A run works on a copy-on-write view of \(place); changes wait until they are applied."
    case .branch: return "A run works on a private branch of \(place)."
    case .direct: return "A run works on \(place) itself."
    case .none: return "A run has no workspace."
    }
  }

  private func sentence(_ rules: [PathRule]) -> String {
    if rules.isEmpty { return "nothing" }
    return rules.map { rule in
      switch rule.text {
      case "$SYSTEM": "the system's programs and libraries ($SYSTEM)"
      case "$WORKSPACE": "the workspace"
      case "/tmp": "a private /tmp"
      default: rule.isOptional ? "\(rule.text) if there is one" : rule.text
      }
    }.joined(separator: ", ")
  }

  private var limitsSentence: String {
    var parts: [String] = []
    if let wall = limits.wallSeconds { parts.append("\(Limits.text(seconds: wall)) of time") }
    if let memory = limits.memoryBytes { parts.append("\(Limits.text(bytes: memory)) of memory") }
    if let processes = limits.processes { parts.append("\(processes) processes") }
    if let disk = limits.diskBytes { parts.append("\(Limits.text(bytes: disk)) of disk") }
    if let cpus = limits.cpus { parts.append("\(Limits.text(cores: cpus)) cores") }
    return parts.isEmpty ? "It has no limits." : "It may use \(parts.joined(separator: ", "))."
  }

  private var networkSentence: String {
    guard grantsNetwork else { return "It has no network." }
    let names = network.map { rule in
      switch rule {
      case .host(let rule): rule.host.text
      case .git(let rule): "\(rule.host.text)/\(rule.repository) by git"
      case .packages(let rule): "the configured registries of \(rule.kind.clients)"
      }
    }
    return "It may reach \(names.joined(separator: ", "))."
  }
}
