import Foundation
package import Policy

/// The descriptions of other agents: the user's own, and those that Caisson brings.
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

  private let directory: String

  /// - Parameter directory: Where the user's own lie, as `NAME.yaml`.
  package init(directory: String) {
    self.directory = directory
  }

  /// The user's own wins over one of the same name that Caisson brings.
  package func find(_ name: String) throws(Missing) -> Found {
    let file = "\(directory)/\(name).yaml"
    guard Self.isName(name) else {
      throw Missing(
        description: "\(quoted(name)) is no name of an agent: use letters, digits, '-', '_' and '.'"
      )
    }
    if FileManager.default.fileExists(atPath: file) {
      guard let bytes = FileManager.default.contents(atPath: file) else {
        throw Missing(description: "cannot read \(file); mend its permissions")
      }
      let text = String(decoding: bytes, as: UTF8.self)
      return Found(name: name, text: text, file: file, isShipped: false)
    }
    guard let text = ShippedAgents.text(name) else {
      throw Missing(
        description: "there is no agent \(name): describe it in \(file), or use "
          + ([AgentSettings.own] + names()).joined(separator: ", ")
      )
    }
    return Found(name: name, text: text, file: "\(name) (as shipped)", isShipped: true)
  }

  /// All that can be found, sorted.
  package func names() -> [String] {
    let own = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let named = own.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    return Set(named.filter(Self.isName) + ShippedAgents.names).sorted()
  }

  private static func isName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    return isPlain && !name.hasPrefix(".") && (1...64).contains(name.utf8.count)
      && name != AgentSettings.own
  }
}
