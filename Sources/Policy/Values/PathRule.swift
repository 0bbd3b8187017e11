/// A path as written: absolute, or beginning with `$WORKSPACE` or `$HOME`, or `$SYSTEM` itself.
package struct PathRule: Hashable, Sendable {
  /// In its shortest form, without the `?` that marks it as optional.
  package var text: String
  /// Whether the path may be missing on this machine.
  package var isOptional: Bool
  package var mark: SourceMark

  /// A path that is known to be well-formed. A trailing `?` marks it as optional.
  package init(_ text: String, line: Int? = nil) {
    isOptional = text.hasSuffix("?")
    self.text = isOptional ? String(text.dropLast()) : text
    mark = SourceMark(line: line)
  }

  /// As a person writes it.
  package var written: String { isOptional ? "\(text)?" : text }

  /// Which list of the document a path stands in.
  package enum List: String, Sendable {
    case read
    case write
    case deny
  }

  /// Reads a path, and explains what a person meant who wrote something else.
  package init(parsing written: String, in list: List, line: Int?) throws(ValueProblem) {
    var text = written
    isOptional = text.count > 1 && text.hasSuffix("?")
    if isOptional { text.removeLast() }
    mark = SourceMark(line: line)
    try Self.checkCharacters(text, written: written)
    guard let first = text.utf8.first else {
      throw ValueProblem("the path is empty", remedy: "name a directory, as in /usr or $WORKSPACE")
    }
    var variable = ""
    if first == 0x24 {
      variable = try Self.variable(of: text, in: list)
    } else if first == 0x7E {
      throw ValueProblem(
        "'~' is not expanded",
        remedy: "write $HOME\(text.dropFirst())"
      )
    } else if first != 0x2F {
      throw ValueProblem(
        "\(quoted(text)) is relative",
        remedy: "write an absolute path, or $WORKSPACE/\(Self.shortened(text))"
      )
    }
    let rest = text.dropFirst(variable.count)
    let components = rest.split(separator: "/").filter { $0 != "." }
    guard !components.contains("..") else {
      throw ValueProblem(
        "\(quoted(text)) holds '..'",
        remedy: "write the path that it leads to"
      )
    }
    self.text = variable + components.map { "/\($0)" }.joined()
    if self.text.isEmpty { self.text = "/" }
    try Self.checkPlace(self.text, in: list)
  }

  private static func shortened(_ text: String) -> String {
    text.hasPrefix("./") ? String(text.dropFirst(2)) : text
  }

  private static func checkCharacters(
    _ text: String,
    written: String
  ) throws(ValueProblem) {
    for byte in text.utf8 {
      if byte == 0x2A || byte == 0x3F {
        throw ValueProblem(
          "\(quoted(written)) holds a wildcard, which paths do not have",
          remedy: "name the directory: everything below it is meant"
        )
      }
      if byte < 0x20 || byte == 0x7F {
        throw ValueProblem(
          "\(quoted(written)) holds a control character",
          remedy: "name a path without"
        )
      }
    }
  }

  private static func variable(of text: String, in list: List) throws(ValueProblem) -> String {
    let name = String(text.prefix { $0 != "/" })
    let known = list == .read ? ["$WORKSPACE", "$HOME", "$SYSTEM"] : ["$WORKSPACE", "$HOME"]
    if name == "$SYSTEM", list != .read || name != text {
      throw ValueProblem(
        "$SYSTEM is a set of paths for reading, not a directory",
        remedy: "use it alone, under filesystem.read"
      )
    }
    guard known.contains(name) else {
      let stripped = "$" + name.filter { $0 != "{" && $0 != "}" && $0 != "$" }
      let other = ["$PWD": "$WORKSPACE", "$TMPDIR": "/tmp", "$TMP": "/tmp", "$CWD": "$WORKSPACE"]
      let near = other[stripped] ?? nearest(to: stripped, in: known)
      throw ValueProblem(
        "\(quoted(name)) is not a variable here",
        remedy: near.map { "did you mean \($0)?" } ?? "use \(known.joined(separator: ", "))"
      )
    }
    return name
  }

  /// Places of the run's own, of which the host's twin never enters it.
  private static let ownPlaces = ["/proc", "/sys", "/dev", "/run", "/var/run"]

  private static func checkPlace(_ path: String, in list: List) throws(ValueProblem) {
    if path == "/" {
      throw ValueProblem(
        list == .deny ? "'/' would deny everything" : "'/' cannot be granted as a whole",
        remedy: list == .deny
          ? "leave out what is not to be granted" : "name the directories that are needed"
      )
    }
    for place in ownPlaces where path == place || path.hasPrefix(place + "/") {
      throw ValueProblem(
        "\(quoted(path)) belongs to the machine; a run has its own \(place) or none",
        remedy: "remove the entry"
      )
    }
  }
}
