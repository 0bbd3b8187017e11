/// Where pip looks for packages, by its files and variables: a later file wins over an earlier one,
/// `[install]` over `[global]`, and a variable over both.
package struct PipSettings: Hashable, Sendable {
  private var global: [String: String] = [:]
  private var install: [String: String] = [:]
  private var variables: [String: String] = [:]

  package init() {}

  /// Reads a file in the format of `pip config`.
  package mutating func read(_ text: String) {
    var section = ""
    var key: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let content = line.trimmed
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      if let first = line.first, first == " " || first == "\t" {
        if let key { add(" \(content)", to: key, section) }
        continue
      }
      key = nil
      if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
        section = content[content.index(after: content.startIndex)..<end].lowercased()
        continue
      }
      guard let cut = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
      let name = Self.name(content[..<cut].trimmed)
      set(nil, for: name, section)
      add(String(content[content.index(after: cut)...].trimmed), to: name, section)
      key = name
    }
  }

  package mutating func read(environment: [String: String]) {
    for (name, value) in environment where name.hasPrefix("PIP_") && !value.isEmpty {
      variables[Self.name(name.dropFirst(4))] = value
    }
  }

  /// The index, where one is named.
  package var index: String? { words("index-url").last }
  package var extra: [String] { words("extra-index-url") }
  /// Pages that list files; paths of this machine among them.
  package var links: [String] { words("find-links") }
  package var trusted: [String] { words("trusted-host") }

  package var hasNoIndex: Bool {
    ["1", "true", "yes", "on", "y", "t"].contains(value("no-index")?.lowercased())
  }

  private func value(_ key: String) -> String? { variables[key] ?? install[key] ?? global[key] }

  private func words(_ key: String) -> [String] {
    (value(key) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private mutating func set(_ value: String?, for key: String, _ section: String) {
    switch section {
    case "global": global[key] = value
    case "install": install[key] = value
    default: break
    }
  }

  private mutating func add(_ text: String, to key: String, _ section: String) {
    let former = section == "global" ? global[key] : section == "install" ? install[key] : nil
    set((former ?? "") + text, for: key, section)
  }

  private static func name(_ text: Substring) -> String {
    var name = text.lowercased().map { $0 == "_" ? "-" : $0 }[...]
    if name.starts(with: "--") { name = name.dropFirst(2) }
    return String(name)
  }
}

extension Substring {
  /// Without the space at its ends.
  var trimmed: Substring {
    var text = drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
