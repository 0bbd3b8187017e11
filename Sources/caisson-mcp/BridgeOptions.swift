import Glibc

/// caisson-mcp: the bridge from a pipe to a tool server over HTTP.
///
/// A client that knows pipes only starts it like any server; it passes each message on to one address
/// and back. It is meant to run inside a sealed run whose policy grants that one host: then what is
/// asked there is recorded and judged like any request of a run, and it holds no credential but a
/// placeholder.

/// What it was told on its command line.
struct BridgeOptions {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  static let usage = """
    usage: caisson-mcp [--header 'NAME: VALUE']... [--bearer VARIABLE] URL
      Passes messages of the Model Context Protocol between standard input and output and the server
      at URL. --bearer sends what the variable holds as the credential.
    """

  let address: String
  private(set) var headers: [(name: String, value: String)] = []

  init(_ arguments: [String]) throws(Problem) {
    var address: String?
    var words = arguments[...]
    func value(_ option: String) throws(Problem) -> String {
      guard let value = words.popFirst() else {
        throw Problem(description: "\(option) needs a value\n\(Self.usage)")
      }
      return value
    }
    while let word = words.popFirst() {
      switch word {
      case "--header": headers.append(try Self.header(value(word)))
      case "--bearer":
        let name = try value(word)
        guard let secret = getenv(name).map({ String(cString: $0) }), Self.isValue(secret) else {
          throw Problem(description: "the variable \(name) is not set, or is none for a header")
        }
        headers.append(("Authorization", "Bearer \(secret)"))
      case _ where word.hasPrefix("-"):
        throw Problem(description: "\(word) is not known\n\(Self.usage)")
      default:
        guard address == nil else {
          throw Problem(description: "there is more than one address\n\(Self.usage)")
        }
        address = word
      }
    }
    guard let address else { throw Problem(description: "there is no address\n\(Self.usage)") }
    guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
      throw Problem(description: "the address must begin with https:// or http://")
    }
    self.address = address
  }

  /// Headers that carry the message or the session are not for the caller to set.
  private static let own = [
    "accept", "connection", "content-length", "content-type", "host", "last-event-id",
    "mcp-session-id", "transfer-encoding",
  ]

  private static func header(_ text: String) throws(Problem) -> (name: String, value: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    let name = parts.first.map(String.init) ?? ""
    let value = String(parts.count == 2 ? parts[1].drop { $0 == " " } : "")
    let isName =
      !name.isEmpty
      && name.utf8.allSatisfy {
        (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
      }
    guard isName, parts.count == 2, isValue(value) else {
      throw Problem(description: "a header is written as in --header 'X-Team: research'")
    }
    guard !own.contains(name.lowercased()) else {
      throw Problem(description: "the header \(name) is set by the bridge itself")
    }
    return (name, value)
  }

  private static func isValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }
}
