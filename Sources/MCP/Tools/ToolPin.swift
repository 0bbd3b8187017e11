import Crypto
import Dialects

/// A part of a tool that a change is told by.
package enum ToolPart: String, Hashable, Sendable, CaseIterable, Codable {
  case title
  case description
  case inputSchema = "input schema"
  case outputSchema = "output schema"
  case annotations
}

/// What a person approved when they approved a tool: hashes of all that a model is told of it.
package struct ToolPin: Hashable, Sendable, Codable {
  package var server: String
  package var tool: String
  /// SHA-256 of the whole, as 64 hexadecimal digits.
  package var digest: String
  /// SHA-256 of each part, so that a change can be named without keeping what was there.
  package var parts: [ToolPart: String]

  package init(server: String, _ tool: ToolDefinition) {
    self.server = server
    self.tool = tool.name
    digest = Self.digest(
      JSONWriter.object { pin in
        pin.string("server", server)
        pin.string("name", tool.name)
        for part in ToolPart.allCases { pin.string(part.key, orNull: tool[part]) }
      }
    )
    parts = [:]
    for part in ToolPart.allCases {
      var writer = JSONWriter()
      if let text = tool[part] { writer.string(text) } else { writer.null() }
      parts[part] = Self.digest(writer.bytes)
    }
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: SHA256.hash(data: bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
      as: UTF8.self
    )
  }
}

extension ToolPart {
  fileprivate var key: StaticString {
    switch self {
    case .title: "title"
    case .description: "description"
    case .inputSchema: "inputSchema"
    case .outputSchema: "outputSchema"
    case .annotations: "annotations"
    }
  }
}

extension ToolDefinition {
  fileprivate subscript(_ part: ToolPart) -> String? {
    switch part {
    case .title: title
    case .description: description
    case .inputSchema: inputSchema
    case .outputSchema: outputSchema
    case .annotations: annotations
    }
  }
}
