extension PolicyDifference {
  /// What an entry for a tool server grants beyond those of another policy.
  static func tools(_ base: [ToolRule], _ rule: ToolRule) -> [String] {
    guard let known = base.first(where: { $0.server == rule.server }) else {
      return [place(rule)].compactMap(\.self) + rule.allow.map { use($0, rule) }
    }
    var sentences: [String] = []
    if known.place != rule.place || known.policy != rule.policy
      || known.environment != rule.environment
    {
      sentences.append("The tool server \(rule.server) is another, or runs otherwise.")
    }
    for name in rule.allow where !known.allow.contains(name) && !known.allow.contains("*") {
      sentences.append(use(name, rule))
    }
    for argument in known.arguments where !rule.arguments.contains(argument) {
      sentences.append(
        "The argument \(argument.path) of \(argument.tools) of \(rule.server) is limited otherwise."
      )
    }
    for entry in rule.classes
    where entry.toolClass > .opaque && !known.classes.contains(entry) {
      sentences.append(
        "A call of \(entry.tools) of \(rule.server) that was cut off may be settled as "
          + "\(entry.toolClass.rawValue)."
      )
    }
    return sentences
  }

  private static func use(_ name: String, _ rule: ToolRule) -> String {
    "It may use the tool \(name) of \(rule.server)."
  }

  private static func place(_ rule: ToolRule) -> String? {
    switch rule.place {
    case .command(let words):
      "The tool server \(rule.server) is started: \(words.joined(separator: " "))."
    case .url(let address): "The tool server \(rule.server) is spoken to at \(address)."
    case nil: nil
    }
  }
}
