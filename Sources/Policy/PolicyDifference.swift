/// What one policy allows that another does not, in sentences.
///
/// Sentences compare what is granted, entry by entry: a grant that lies within one of the other
/// policy is not mentioned.
package struct PolicyDifference: Hashable, Sendable {
  /// What the second policy allows beyond the first.
  package let more: [String]
  /// What the first policy allows beyond the second.
  package let less: [String]

  package init(from first: PolicyDocument, to second: PolicyDocument) {
    more = Self.beyond(first, second)
    less = Self.beyond(second, first)
  }

  package var isEmpty: Bool { more.isEmpty && less.isEmpty }

  /// What `other` grants and `base` does not.
  private static func beyond(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    workspace(base, other) + files(base, other) + environment(base, other) + limits(base, other)
      + network(base, other) + rest(base, other)
  }

  private static func workspace(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    guard base.workspace != other.workspace else { return [] }
    switch other.workspace {
    case .direct: return ["It works on the workspace itself, and changes are not held back."]
    case .overlay where base.workspace != .branch:
      return base.workspace == .none ? ["It sees the workspace, copy on write."] : []
    case .branch: return ["It works on a branch of the workspace."]
    default: return []
    }
  }

  private static func files(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    var sentences: [String] = []
    let reads = base.filesystem.effectiveRead + base.filesystem.effectiveWrite
    for rule in other.filesystem.effectiveRead where !covers(reads, rule, base) {
      sentences.append("It may read \(rule.text).")
    }
    for rule in other.filesystem.effectiveWrite
    where !covers(base.filesystem.effectiveWrite, rule, base) {
      sentences.append("It may write \(rule.text).")
    }
    let granted = other.filesystem.effectiveRead + other.filesystem.effectiveWrite
    for rule in base.filesystem.deny where !covers(other.filesystem.deny, rule, nil) {
      let isGranted =
        granted.contains { PathText.covers($0.text, rule.text) || $0.text == "$SYSTEM" }
        || rule.text.hasPrefix("$WORKSPACE")
      if isGranted { sentences.append("\(rule.text) is not denied to it.") }
    }
    for program in other.filesystem.programs where !base.filesystem.programs.contains(program) {
      sentences.append("It may read the installation of \(program).")
    }
    return sentences
  }

  private static func covers(
    _ rules: [PathRule],
    _ rule: PathRule,
    _ document: PolicyDocument?
  ) -> Bool {
    if let document {
      // What the first policy denies below a grant is news where the second one grants it by name.
      let isDenied = document.filesystem.deny.contains { PathText.covers($0.text, rule.text) }
      if isDenied { return false }
    }
    return rules.contains { $0.text == rule.text || PathText.covers($0.text, rule.text) }
  }

  private static func environment(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    let known = base.environment.effectivePass
    var sentences = other.environment.effectivePass.filter { name in
      !known.contains {
        $0 == name || $0.hasSuffix("*") && name.hasPrefix($0.dropLast())
      }
    }.map { "It sees the variable \($0)." }
    for (name, value) in other.environment.set.sorted(by: { $0.key < $1.key })
    where base.environment.set[name] != value {
      sentences.append("The variable \(name) is set for it, or set otherwise.")
    }
    return sentences
  }

  private static func limits(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    var sentences: [String] = []
    func compare<Value: Comparable>(
      _ what: String,
      _ path: KeyPath<Limits, Value?>,
      _ text: (Value) -> String
    ) {
      guard let former = base.limits[keyPath: path] else { return }
      guard let latter = other.limits[keyPath: path] else {
        sentences.append("Its \(what) is not limited, instead of to \(text(former)).")
        return
      }
      if latter > former {
        sentences.append("Its \(what) may be \(text(latter)), instead of \(text(former)).")
      }
    }
    compare("time", \.wallSeconds) { Limits.text(seconds: $0) }
    compare("memory", \.memoryBytes) { Limits.text(bytes: $0) }
    compare("number of processes", \.processes) { "\($0)" }
    compare("disk", \.diskBytes) { Limits.text(bytes: $0) }
    compare("number of cores", \.cpus) { Limits.text(cores: $0) }
    return sentences
  }

  private static func rest(_ base: PolicyDocument, _ other: PolicyDocument) -> [String] {
    var sentences: [String] = []
    for model in other.models?.allow ?? [] where !(base.models?.allow ?? []).contains(model) {
      sentences.append("It may use the model \(model).")
    }
    if let models = other.models, models.allow.isEmpty, base.models?.allow.isEmpty == false {
      sentences.append("It may use every model.")
    }
    if let former = base.models?.budget {
      if let latter = other.models?.budget {
        if latter > former {
          sentences.append("It may spend \(latter.text), instead of \(former.text).")
        }
      } else if other.models != nil {
        sentences.append("What it spends is not limited, instead of to \(former.text).")
      }
    }
    sentences += other.tools.flatMap { tools(base.tools, $0) }
    for approval in base.approvals where !other.approvals.contains(approval) {
      sentences.append("It does not ask as before: \(approval.condition.text).")
    }
    return sentences
  }
}
