/// The descriptions of other agents by name: the user's own, and those that Caisson brings.
package struct AgentFiles: Sendable {
  /// A description and where it is from.
  package struct Found: Sendable, Equatable {
    package let name: String
    package let text: String
    package let file: String
    package let isShipped: Bool

    package func definition() throws(PolicyError) -> AgentDefinition {
      try AgentDefinition.parse(text, file: file, name: name)
    }
  }

  package struct Missing: Error, CustomStringConvertible {
    package let description: String
  }

  /// What a file holds.
  package enum Content: Sendable {
    case none
    case unreadable
    case text(String)
  }

  /// The name that our own agent goes by, which no file takes.
  package static let own = "caisson"

  private let directory: String
  private let read: @Sendable (String) -> Content
  private let list: @Sendable (String) -> [String]

  /// - Parameters:
  ///   - directory: Where the user's own lie, as `NAME.yaml`.
  ///   - read: Reads a file.
  ///   - list: Names what lies in a directory.
  package init(
    directory: String,
    read: @escaping @Sendable (String) -> Content,
    list: @escaping @Sendable (String) -> [String]
  ) {
    self.directory = directory
    self.read = read
    self.list = list
  }

  /// The user's own wins over one of the same name that Caisson brings.
  package func find(_ name: String) throws(Missing) -> Found {
    guard Self.isName(name) else {
      throw Missing(
        description: "\(quoted(name)) is no name of an agent: use letters, digits, '-', '_' and '.'"
      )
    }
    let file = "\(directory)/\(name).yaml"
    switch read(file) {
    case .text(let text): return Found(name: name, text: text, file: file, isShipped: false)
    case .unreadable: throw Missing(description: "cannot read \(file); mend its permissions")
    case .none: break
    }
    guard let text = ShippedAgents.text(name) else {
      throw Missing(
        description: "there is no agent \(name): describe it in \(file), or use "
          + ([Self.own] + names()).joined(separator: ", ")
      )
    }
    return Found(name: name, text: text, file: "\(name) (as shipped)", isShipped: true)
  }

  /// All that can be found, sorted.
  package func names() -> [String] {
    let named = list(directory).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    return Set(named.filter(Self.isName) + ShippedAgents.names).sorted()
  }

  private static func isName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    return isPlain && !name.hasPrefix(".") && (1...64).contains(name.utf8.count) && name != own
  }
}
