/// A document of another tool, said in Caisson's words.
///
/// What cannot be said exactly is said more narrowly or left out, and each such place is a
/// difference: an import never allows what its source denied.
package struct PolicyImport: Hashable, Sendable {
  package enum Format: String, Hashable, Sendable, CaseIterable {
    /// OpenShell's `version: 1`, and the presets of NemoClaw.
    case openShell = "openshell"
    /// The settings of Anthropic's sandbox-runtime.
    case sandboxRuntime = "sandbox-runtime"
    /// The `sandbox_mode` of a Codex `config.toml`.
    case codex = "codex"

    /// What a text looks like.
    package static func guess(_ text: String, file: String) -> Format {
      if file.hasSuffix(".toml") { return .codex }
      return text.first { !$0.isWhitespace } == "{" ? .sandboxRuntime : .openShell
    }
  }

  package let document: PolicyDocument
  /// One sentence for each place in which the document does not say what its source did.
  package let differences: [String]

  /// - Parameter grantsAnyProgram: grants to every program of a run what the source grants to
  ///   named ones. Without it such entries are left out.
  package static func read(
    _ text: String,
    file: String,
    format: Format,
    grantsAnyProgram: Bool = false
  ) throws(PolicyError) -> PolicyImport {
    guard text.utf8.count <= PolicyDocument.largestSize else {
      throw PolicyError([
        Problem(
          file: file,
          key: "",
          what: "the file is larger than 1 MiB",
          remedy: "import a smaller one"
        )
      ])
    }
    let tree: YAMLNode?
    var problems: [Problem] = []
    switch format {
    case .openShell:
      var composer = YAMLComposer(file: file)
      tree = composer.compose(text)
      problems = composer.problems
    case .sandboxRuntime:
      tree = try JSONTree.read(text, file: file, remedy: "mend it, or name another --format")
    case .codex: tree = try TOMLTree.read(text, file: file)
    }
    guard let tree, problems.isEmpty else { throw PolicyError(problems) }
    var reader = ImportReader(file: file)
    reader.grantsAnyProgram = grantsAnyProgram
    switch format {
    case .openShell: reader.openShell(tree)
    case .sandboxRuntime: reader.sandboxRuntime(tree)
    case .codex: reader.codex(tree)
    }
    guard reader.nodes.problems.isEmpty else { throw PolicyError(reader.nodes.problems) }
    return PolicyImport(document: reader.document, differences: reader.differences)
  }
}

/// What the importers share: the tree's reader, the document that grows, and the differences.
struct ImportReader {
  var nodes: NodeReader
  var document: PolicyDocument
  var grantsAnyProgram = false
  private(set) var differences: [String] = []

  init(file: String) {
    nodes = NodeReader(file: file)
    document = PolicyDocument(origin: PolicyDocument.Origin(file))
  }

  mutating func differ(_ sentence: String) {
    let text = printable(sentence, atMost: 400)
    if !differences.contains(text) { differences.append(text) }
  }

  /// The texts of a list; a lone text counts as a list of one.
  mutating func texts(_ node: YAMLNode?, _ path: String) -> [String] {
    guard let node, !node.isNothing else { return [] }
    return nodes.values(node, path, example: "…") { text, _ throws(ValueProblem) in text } ?? []
  }

  mutating func text(_ node: YAMLNode?, _ path: String) -> String? {
    guard let node, !node.isNothing else { return nil }
    return nodes.text(node, path, example: "a word")
  }

  mutating func flag(_ node: YAMLNode?, _ path: String) -> Bool {
    guard let node, !node.isNothing else { return false }
    switch node.content {
    case .scalar("true", isPlain: true): return true
    case .scalar("false", isPlain: true): return false
    default:
      nodes.report(node, path, "this is neither true nor false", "write true or false")
      return false
    }
  }

  /// A path of the machine for a list of the document; nil, with the difference noted, where it
  /// cannot stand there.
  mutating func path(
    _ text: String,
    in list: PathRule.List,
    isOptional: Bool
  ) -> PathRule? {
    do {
      let rule = try PathRule(parsing: text, in: list, line: nil)
      return isOptional && !rule.text.hasPrefix("$SYSTEM") ? PathRule(rule.text + "?") : rule
    } catch {
      differ("\(quoted(text)) is not granted: \(error.what).")
      return nil
    }
  }
}
