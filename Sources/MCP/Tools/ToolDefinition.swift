import Dialects
import JSONRPC

/// A tool as its server describes it. Nothing in it is believed: it is shown, hashed and handed on.
package struct ToolDefinition: Hashable, Sendable {
  package var name: String
  package var title: String?
  package var description: String
  /// Canonical JSON of an object.
  package var inputSchema: String
  package var outputSchema: String?
  /// What the server says of its effects, as canonical JSON. A hint from whom it concerns, no more.
  package var annotations: String?

  static let longestName = 128
  /// Bytes of everything that a tool says of itself.
  static let largest = 128 << 10

  package init(
    name: String,
    title: String? = nil,
    description: String,
    inputSchema: String,
    outputSchema: String? = nil,
    annotations: String? = nil
  ) {
    self.name = name
    self.title = title
    self.description = description
    self.inputSchema = inputSchema
    self.outputSchema = outputSchema
    self.annotations = annotations
  }

  init(_ json: JSON) throws(ToolProblem) {
    guard let name = json["name"]?.string else { throw .noName }
    guard Self.isName(name) else { throw .badName }
    guard json.range.count <= Self.largest else { throw .tooLarge }
    guard let schema = json["inputSchema"], schema.isObject else { throw .noSchema }
    for key in ["description", "title"] as [StaticString] {
      if let text = json.present(key), text.string == nil { throw .badField("\(key)") }
    }
    for key in ["outputSchema", "annotations"] as [StaticString] {
      if let object = json.present(key), !object.isObject { throw .badField("\(key)") }
    }
    self.init(
      name: name,
      title: json.present("title")?.string,
      description: json.present("description")?.string ?? "",
      inputSchema: CanonicalJSON.text(schema),
      outputSchema: json.present("outputSchema").map(CanonicalJSON.text),
      annotations: json.present("annotations").map(CanonicalJSON.text)
    )
  }

  /// Visible ASCII alone: a name is compared, shown, and put into rules.
  static func isName(_ text: String) -> Bool {
    (1...longestName).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// Whether a person who reads the tool sees less than a model does: control characters, and those
  /// of no width or of another reading direction.
  package var hidesText: Bool {
    [name, title ?? "", description, inputSchema, outputSchema ?? "", annotations ?? ""]
      .contains { text in
        text.unicodeScalars.contains { scalar in
          switch scalar.properties.generalCategory {
          case .control: scalar != "\n" && scalar != "\t" && scalar != "\r"
          case .format, .privateUse, .unassigned: true
          default: scalar.properties.isVariationSelector
          }
        }
      }
  }
}

/// Why a tool of a server is not offered.
package enum ToolProblem: Error, Hashable, Sendable, CustomStringConvertible {
  case noName
  case badName
  case noSchema
  case tooLarge
  case badField(String)
  /// Two of one name: which of them is called would be the server's choice.
  case twice

  package var description: String {
    switch self {
    case .noName: "it has no name"
    case .badName: "its name is not 1 to \(ToolDefinition.longestName) characters of visible ASCII"
    case .noSchema: "its inputSchema is not an object"
    case .tooLarge: "its definition is larger than \(ToolDefinition.largest >> 10) KiB"
    case .badField(let name): "its \(name) is of the wrong kind"
    case .twice: "the server has more than one of this name"
    }
  }
}

/// What a server offers, and what of it is left out.
package struct ToolListing: Hashable, Sendable {
  package struct Refused: Hashable, Sendable {
    /// As the server wrote it: to be made printable before it is shown.
    package var name: String
    package var problem: ToolProblem
  }

  package var tools: [ToolDefinition] = []
  package var refused: [Refused] = []

  package init(tools: [ToolDefinition] = []) {
    self.tools = tools
  }

  /// Takes one page of a list in.
  mutating func add(_ page: JSON) {
    for json in page.elements {
      do throws(ToolProblem) {
        tools.append(try ToolDefinition(json))
      } catch {
        refused.append(
          Refused(name: String((json["name"]?.string ?? "").prefix(200)), problem: error)
        )
      }
    }
  }

  /// Takes those out whose name is not theirs alone.
  mutating func refuseDoubles() {
    var counts: [String: Int] = [:]
    for tool in tools { counts[tool.name, default: 0] += 1 }
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) where count > 1 {
      tools.removeAll { $0.name == name }
      refused.append(Refused(name: name, problem: .twice))
    }
  }
}
