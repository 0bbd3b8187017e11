import Crypto

/// The names that models call tools by: `server__tool`, 1 to 64 of `[a-zA-Z0-9_-]`.
///
/// No two tools have one name, and no server can take another's: a pair whose parts fit is joined as
/// it is, and the first `__` is where it parts, since no server's part holds one or ends in `_`.
/// Every other pair gets a name that ends in `_h` and 16 digits of its hash, an ending that no joined
/// name has.
package struct ToolNames: Hashable, Sendable {
  package struct Tool: Hashable, Sendable {
    package var server: String
    package var tool: String

    package init(server: String, tool: String) {
      self.server = server
      self.tool = tool
    }
  }

  /// Two tools would have one name. Nothing short of a broken hash leads here.
  package struct Collision: Error, Hashable, Sendable, CustomStringConvertible {
    package let name: String
    package let tools: [Tool]

    package var description: String {
      let list = tools.map { "\($0.tool) of \($0.server)" }.joined(separator: " and ")
      return "\(list) would both be called \(name); leave one of them out"
    }
  }

  private var tools: [String: Tool] = [:]

  package init(_ tools: [Tool]) throws(Collision) {
    for tool in tools {
      let name = Self.name(server: tool.server, tool: tool.tool)
      if let other = self.tools.updateValue(tool, forKey: name), other != tool {
        throw Collision(name: name, tools: [other, tool])
      }
    }
  }

  /// The tool that a model means; nil for a name that was never given out.
  package subscript(_ name: String) -> Tool? { tools[name] }

  package var names: [String] { tools.keys.sorted() }

  static let longest = 64
  private static let mark = "_h"
  private static let digits = 16

  package static func name(server: String, tool: String) -> String {
    let joined = "\(server)__\(tool)"
    let fits =
      isWord(server) && isWord(tool) && joined.utf8.count <= longest && !server.hasSuffix("_")
      && !holdsParting(server) && !isHashed(joined)
    return fits ? joined : hashed(server, tool)
  }

  private static func hashed(_ server: String, _ tool: String) -> String {
    // The length of the first part stands before both, so that no two pairs are one text.
    let text = "\(server.utf8.count):\(server)\(tool)"
    let hash = SHA256.hash(data: Array(text.utf8)).prefix(digits / 2)
      .map { (UInt16($0) + 0x100) }.map { String($0, radix: 16).dropFirst() }.joined()
    return "\(word(server, 18))__\(word(tool, 26))\(mark)\(hash)"
  }

  /// What is readable of a text, for a person's eye alone.
  private static func word(_ text: String, _ length: Int) -> String {
    let bytes = text.utf8.prefix(length).map { isAllowed($0) ? $0 : UInt8(ascii: "-") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isAllowed)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2D
      || byte == 0x5F
  }

  private static func holdsParting(_ text: String) -> Bool {
    zip(text.utf8, text.utf8.dropFirst()).contains { $0 == 0x5F && $1 == 0x5F }
  }

  private static func isHashed(_ name: String) -> Bool {
    let ending = name.utf8.suffix(mark.utf8.count + digits)
    return ending.starts(with: mark.utf8)
      && ending.dropFirst(mark.utf8.count).allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      }
  }
}
