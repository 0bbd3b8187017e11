extension CompiledPolicy {
  /// The list of the document as it must read for a path to be granted, ready to be pasted.
  func listRemedy(_ list: PathRule.List, adding path: String) -> String? {
    guard (try? PathRule(parsing: written(path), in: list, line: nil)) != nil else { return nil }
    let rules =
      switch list {
      case .read: document.filesystem.effectiveRead
      case .write: document.filesystem.effectiveWrite
      case .deny: document.filesystem.deny
      }
    let key = "filesystem.\(list.rawValue)"
    guard rules.count <= 6 else { return "add \(YAMLText.scalar(written(path))) to \(key)" }
    return "\(key): \(YAMLText.list(rules.map(\.written) + [written(path)]))"
  }

  /// What would have to change for a denial by name not to apply.
  func remedy(against grant: PathGrant, list: PathRule.List) -> String? {
    if grant.rule == BuiltInRule.credentials.name {
      return listRemedy(list, adding: grant.path)
    }
    guard grant.rule.hasPrefix("filesystem.deny") else { return nil }
    let rest = document.filesystem.deny.map(\.written).filter {
      "filesystem.deny: \($0)" != grant.rule
    }
    if rest.isEmpty { return "remove filesystem.deny" }
    guard rest.count <= 6 else {
      return "remove \(YAMLText.scalar(written(grant.path))) from filesystem.deny"
    }
    return "filesystem.deny: \(YAMLText.list(rest))"
  }
}
