import Dialects
import Foundation

/// The arguments of a tool that its server wants to see in the head of a request, too.
struct HeaderParameters: Hashable, Sendable {
  /// The annotation does not follow its rules: the tool is to be left out.
  struct Invalid: Error {}

  private struct Parameter: Hashable {
    var path: [String]
    var name: String
  }

  private var parameters: [Parameter] = []

  var isEmpty: Bool { parameters.isEmpty }

  init(_ schema: JSON) throws(Invalid) {
    try walk(schema, path: [])
    let names = parameters.map { $0.name.lowercased() }
    guard Set(names).count == names.count else { throw Invalid() }
  }

  /// - Parameter path: the chain of `properties` that leads here; nil where anything else does.
  private mutating func walk(_ json: JSON, path: [String]?) throws(Invalid) {
    for element in json.elements { try walk(element, path: nil) }
    guard json.isObject else { return }
    if let annotation = json["x-mcp-header"] {
      guard let path, !path.isEmpty, let name = annotation.string, Self.isToken(name),
        let type = json["type"]?.string, ["integer", "string", "boolean"].contains(type)
      else { throw Invalid() }
      parameters.append(Parameter(path: path, name: name))
    }
    for (key, value) in json.members {
      if key.equals("properties"), value.isObject {
        for (name, property) in value.members {
          try walk(property, path: path.map { $0 + [name.string ?? ""] })
        }
      } else {
        try walk(value, path: nil)
      }
    }
  }

  private static func isToken(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0)
          || Array("!#$%&'*+-.^_`|~".utf8).contains($0)
      }
  }

  /// The headers of a call with these arguments.
  func headers(_ arguments: JSON?) -> [(name: String, value: String)] {
    parameters.compactMap { parameter in
      var json = arguments
      for name in parameter.path {
        json = json?.members.first { $0.key.string == name }?.value
      }
      let value: String? =
        switch json?.kind {
        case .string: json?.string
        case .number: json?.int.map(String.init)
        case .boolean: json?.bool.map { "\($0)" }
        default: nil
        }
      return value.map { ("Mcp-Param-\(parameter.name)", Self.encoded($0)) }
    }
  }

  /// A value as it may stand in a header: plain where it can, else in Base64 between its marks.
  static func encoded(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    let isEdged = [text.utf8.first, text.utf8.last].contains { [0x20, 0x09].contains($0) }
    let isMarked = text.hasPrefix("=?base64?") && text.hasSuffix("?=")
    guard !isPlain || isEdged || isMarked || text.isEmpty else { return text }
    return "=?base64?\(Data(text.utf8).base64EncodedString())?="
  }
}
