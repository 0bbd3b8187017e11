extension PolicyDocument {
  /// Bytes of the largest text that is read.
  package static let largestSize = 1 << 20

  /// Reads a native document, and reports everything that is wrong with it at once.
  package static func parse(_ yaml: String, file: String) throws(PolicyError) -> PolicyDocument {
    try DocumentReading.read(yaml, file: file, vocabulary: Schema.vocabulary) { reader, root in
      var document = PolicyDocument(origin: Origin(file))
      reader.read(root, into: &document)
      return document
    }
  }
}

extension NodeReader {
  fileprivate mutating func read(_ root: YAMLNode, into document: inout PolicyDocument) {
    let parts = map(root, "", keys: Schema.document)
    if case .map = root.content { version(parts["version"], root) }
    if let node = parts["workspace"] {
      let keys = map(node, "workspace", keys: Schema.workspace)
      document.workspace = mode(keys["mode"]) ?? document.workspace
    }
    if let node = parts["filesystem"] { document.filesystem = filesystem(node) }
    if let node = parts["environment"] { document.environment = environment(node, "environment") }
    if let node = parts["limits"] { document.limits = limits(node) }
    if let node = parts["network"] { document.network = network(node) }
    if let node = parts["models"] { document.models = models(node) }
    if let node = parts["tools"] { document.tools = tools(node) }
    if let node = parts["approvals"] { document.approvals = approvals(node) }
    if document.workspace == .none { checkWorkspaceIsNotNamed(document, root) }
  }

  private mutating func mode(_ node: YAMLNode?) -> WorkspaceMode? {
    let names = WorkspaceMode.allCases.map(\.rawValue)
    return value(node, "workspace.mode", example: "overlay") { text throws(ValueProblem) in
      guard let mode = WorkspaceMode(rawValue: text) else {
        throw ValueProblem(
          "\(quoted(text)) is not a mode",
          remedy: nearest(to: text, in: names).map { "did you mean '\($0)'?" }
            ?? "use one of \(names.joined(separator: ", "))"
        )
      }
      return mode
    }
  }

  private mutating func filesystem(_ node: YAMLNode) -> FilesystemRules {
    let keys = map(node, "filesystem", keys: Schema.filesystem)
    var rules = FilesystemRules()
    rules.read = paths(keys["read"], .read)
    rules.write = paths(keys["write"], .write)
    rules.deny = paths(keys["deny"], .deny) ?? []
    rules.programs =
      values(keys["programs"], "filesystem.programs", example: "python3") {
        text,
        _ throws(ValueProblem) in try Names.program(text)
      } ?? []
    return rules
  }

  private mutating func paths(_ node: YAMLNode?, _ list: PathRule.List) -> [PathRule]? {
    values(node, "filesystem.\(list.rawValue)", example: "$WORKSPACE/data") {
      text,
      item throws(ValueProblem) in
      try PathRule(parsing: text, in: list, line: item.line)
    }
  }

  mutating func environment(_ node: YAMLNode, _ path: String) -> EnvironmentRules {
    let keys = map(node, path, keys: Schema.environment)
    var rules = EnvironmentRules()
    rules.pass = values(keys["pass"], "\(path).pass", example: "LANG") {
      text,
      _ throws(ValueProblem) in try Names.variable(text, isPattern: true)
    }
    if let node = keys["set"] { rules.set = variables(node, "\(path).set") }
    return rules
  }

  private mutating func limits(_ node: YAMLNode) -> Limits {
    let keys = map(node, "limits", keys: Schema.limits)
    var limits = Limits()
    limits.wallSeconds = value(
      keys["wall"],
      "limits.wall",
      example: "1h30m",
      Limits.seconds(parsing:)
    )
    limits.memoryBytes = value(keys["memory"], "limits.memory", example: "4GiB") {
      text throws(ValueProblem) in
      try Limits.bytes(parsing: text, atLeast: 16 << 20)
    }
    limits.processes = value(keys["processes"], "limits.processes", example: "256") {
      text throws(ValueProblem) in
      guard let count = digits(text, atMost: 9), (1...4_194_304).contains(count) else {
        throw ValueProblem(
          "\(quoted(text)) is not a number of processes",
          remedy: "name 1 to 4194304"
        )
      }
      return Int(count)
    }
    limits.diskBytes = value(keys["disk"], "limits.disk", example: "2GiB") {
      text throws(ValueProblem) in
      try Limits.bytes(parsing: text, atLeast: 1 << 20)
    }
    limits.cpus = value(keys["cpu"], "limits.cpu", example: "2", Limits.cores(parsing:))
    return limits
  }

  private mutating func checkWorkspaceIsNotNamed(_ document: PolicyDocument, _ root: YAMLNode) {
    let files = document.filesystem
    let lists = [("read", files.read), ("write", files.write), ("deny", files.deny)]
    for (name, rules) in lists {
      for rule in rules ?? [] where rule.text.hasPrefix("$WORKSPACE") {
        problems.append(
          Problem(
            file: file,
            line: rule.mark.line ?? root.line,
            column: 1,
            key: "filesystem.\(name)",
            what: "\(quoted(rule.text)) is named, but workspace.mode is none",
            remedy: "remove it, or choose another mode"
          )
        )
      }
    }
  }
}
