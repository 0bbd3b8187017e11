/// Fills the places into a document and collects what cannot be filled in.
struct PolicyCompiler {
  let document: PolicyDocument
  let variables: PolicyVariables
  private(set) var read: [PathGrant] = []
  private(set) var write: [PathGrant] = []
  private(set) var deny: [PathGrant] = []
  private(set) var problems: [Problem] = []
  private let workspace: String?
  private let home: String?

  init(_ document: PolicyDocument, _ variables: PolicyVariables) {
    self.document = document
    self.variables = variables
    workspace =
      document.workspace == .none ? nil : variables.workspace.flatMap(PathText.normalised)
    home = variables.home.flatMap(PathText.normalised)
    compile()
  }

  private mutating func compile() {
    checkPlaces()
    if let workspace {
      read.append(
        PathGrant(path: workspace, rule: "workspace.mode: \(document.workspace.rawValue)")
      )
    }
    for rule in document.filesystem.effectiveRead { add(rule, to: \.read, "filesystem.read") }
    for rule in document.filesystem.effectiveWrite { add(rule, to: \.write, "filesystem.write") }
    for rule in document.filesystem.deny { add(rule, to: \.deny, "filesystem.deny") }
    addInstallations()
    addBuiltInDenials()
    for index in write.indices where Self.freshPlaces.contains(write[index].path) {
      write[index].source = .fresh
    }
  }

  /// Places that a run has for itself when they are granted for writing.
  private static let freshPlaces = ["/tmp"]

  private mutating func checkPlaces() {
    guard document.workspace != .none else { return }
    guard let text = variables.workspace else {
      report(
        "workspace",
        "there is no directory to work on",
        "name one with --in, or write workspace: { mode: none }"
      )
      return
    }
    let own = variables.ownDirectories.compactMap(PathText.normalised)
    if let workspace, own.contains(where: { PathText.covers($0, workspace) }) {
      report(
        "workspace",
        "\(quoted(text)) lies in Caisson's own state",
        "choose a directory outside of it"
      )
      return
    }
    guard let workspace, !Self.unfit.contains(workspace) else {
      report(
        "workspace",
        "\(quoted(text)) cannot be a workspace",
        "choose a directory of your own, by an absolute path without '..'"
      )
      return
    }
  }

  /// Directories that belong to the machine as a whole.
  private static let unfit: Set = [
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/run",
    "/sbin", "/sys", "/tmp", "/usr", "/var", "/var/tmp",
  ]

  private mutating func add(
    _ rule: PathRule,
    to list: WritableKeyPath<PolicyCompiler, [PathGrant]>,
    _ key: String
  ) {
    if rule.text == "$SYSTEM" {
      self[keyPath: list] += Self.system
      return
    }
    let isDefault = rule.mark.line == nil
    guard let path = resolve(rule.text) else {
      // The default list names the workspace, which a run without one simply has not.
      if isDefault, document.workspace == .none || rule.isOptional { return }
      report(
        key,
        "\(quoted(rule.text)) has no meaning here",
        rule.text.hasPrefix("$HOME")
          ? "set HOME, or write the path out" : "give the run a workspace, or remove the entry",
        line: rule.mark.line
      )
      return
    }
    self[keyPath: list].append(
      PathGrant(
        path: path,
        rule: "\(key): \(rule.text)",
        line: rule.mark.line,
        isOptional: rule.isOptional
      )
    )
  }

  private func resolve(_ text: String) -> String? {
    for (name, place) in [("$WORKSPACE", workspace), ("$HOME", home)] where text.hasPrefix(name) {
      return place.flatMap { PathText.normalised($0 + text.dropFirst(name.count)) }
    }
    return PathText.normalised(text)
  }

  private static let systemRule = "filesystem.read: $SYSTEM"

  private static let system = SystemPaths.entries.map { entry in
    let isPrefix = entry.hasSuffix("*")
    return PathGrant(
      path: isPrefix ? String(entry.dropLast()) : entry,
      rule: systemRule,
      isOptional: true,
      isPrefix: isPrefix
    )
  }

  private mutating func addInstallations() {
    for program in document.filesystem.programs {
      for path in variables.installations?[program] ?? [] {
        guard let path = PathText.normalised(path), path != "/" else { continue }
        read.append(
          PathGrant(path: path, rule: "filesystem.programs: \(program)", isOptional: true)
        )
      }
    }
  }

  /// Credentials that lie below a grant and are not named by one, and Caisson's own directories.
  private mutating func addBuiltInDenials() {
    // The system set holds none of these: a test sees to that.
    let grants = (read + write).filter {
      $0.rule != Self.systemRule && !Self.freshPlaces.contains($0.path)
    }
    let paths =
      CredentialPaths.system
      + (home.map { home in
        CredentialPaths.home.map { home == "/" ? "/\($0)" : "\(home)/\($0)" }
      } ?? [])
    for path in paths {
      let isBelow = grants.contains { $0.path != path && PathText.covers($0.path, path) }
      let isNamed = grants.contains { $0.path == path }
      guard isBelow, !isNamed else { continue }
      deny.append(
        PathGrant(path: path, rule: BuiltInRule.credentials.name, isOptional: true)
      )
    }
    for path in variables.ownDirectories.compactMap(PathText.normalised) {
      guard
        grants.contains(where: {
          PathText.covers($0.path, path) || PathText.covers(path, $0.path)
        })
      else { continue }
      deny.append(PathGrant(path: path, rule: BuiltInRule.ownState.name, isOptional: true))
    }
  }

  private mutating func report(_ key: String, _ what: String, _ remedy: String, line: Int? = nil) {
    problems.append(
      Problem(
        file: document.origin.name,
        line: line ?? 0,
        column: line == nil ? 0 : 1,
        key: key,
        what: what,
        remedy: remedy
      )
    )
  }
}
