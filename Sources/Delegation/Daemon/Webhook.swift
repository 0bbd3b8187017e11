import Foundation
import Policy

/// An address that notices are sent to: by curl in a sealed run that reaches nothing else, so that what
/// answers there meets nothing of the daemon's.
package struct Webhook: Sendable {
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  private let address: String
  private let policy: PolicyDocument

  /// As a run knows a port of this machine: its own loopback is another.
  private static let ownName = "webhook.caisson.internal"

  /// - Throws: ``Problem`` for what is neither https nor on this machine.
  package init(_ text: String) throws {
    func problem(_ why: String) -> Problem {
      Problem(
        description: "--webhook: the address \(why); write it as in https://hooks.example.com/x"
      )
    }
    guard var parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw problem("cannot be read") }
    guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
      throw problem("holds a login or a fragment")
    }
    let isOwn = ["localhost", "127.0.0.1"].contains(host)
    guard scheme == "https" || (scheme == "http" && isOwn) else {
      throw problem("is not https, and not on this machine")
    }
    let port = parts.port ?? (scheme == "https" ? 443 : 80)
    guard let number = UInt16(exactly: port), number > 0 else { throw problem("has no port") }
    do throws(ValueProblem) {
      let rule = HostRule(
        host: try HostPattern(parsing: isOwn ? Self.ownName : host),
        ports: [number],
        addresses: isOwn ? ["127.0.0.1"] : []
      )
      policy = PolicyDocument(
        workspace: .none,
        network: [.host(rule)],
        origin: PolicyDocument.Origin("webhook")
      )
    } catch {
      throw problem("names no host: \(error.what)")
    }
    if isOwn { parts.host = Self.ownName }
    guard let address = parts.string else { throw problem("cannot be read") }
    self.address = address
  }

  var policyText: String { policy.canonicalText }

  /// What curl is told on its standard input: an address may be a secret, and arguments are seen.
  func told(_ body: String) -> [UInt8] {
    let lines = [
      "url = \(Self.quoted(address))", "data-binary = \(Self.quoted(body))",
      #"header = "content-type: application/json""#, #"output = "/dev/null""#, "max-time = 30",
      "fail", "silent", "show-error",
    ]
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// As curl reads a value.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default: quoted.unicodeScalars.append(character)
      }
    }
    return quoted + "\""
  }
}
