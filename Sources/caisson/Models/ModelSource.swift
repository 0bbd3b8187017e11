import Foundation
import Policy

/// Where a model is fetched from: one address, and the hosts that it may lead to.
struct ModelSource {
  let address: String
  /// Whom it asks, for a person.
  let host: String
  /// The name of its file.
  let file: String
  private let policy: PolicyDocument

  /// A port of this machine, as a run knows it: its own loopback is another.
  private static let ownName = "models.source.caisson.internal"

  /// Hosts that answer in the name of another, by their own word.
  private static let relatives: [String: [String]] = [
    "huggingface.co": ["*.huggingface.co", "*.hf.co", "*.xethub.hf.co", "*.aws.cdn.hf.co"],
    "github.com": ["objects.githubusercontent.com", "release-assets.githubusercontent.com"],
  ]

  /// - Parameter others: hosts that the address leads on to.
  init(_ text: String, others: [String]) throws {
    func problem(_ why: String) -> ModelStoreError {
      .mistaken("the address \(why); write it as in https://example.com/model.gguf")
    }
    guard var parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw problem("cannot be read") }
    guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
      throw problem("holds a login or a fragment")
    }
    self.host = host
    let isOwn = ["localhost", "127.0.0.1"].contains(host)
    guard scheme == "https" || (scheme == "http" && isOwn) else {
      throw problem("is not https, and not on this machine")
    }
    let port = parts.port ?? (scheme == "https" ? 443 : 80)
    guard let number = UInt16(exactly: port), number > 0 else { throw problem("has no port") }
    file = parts.path.split(separator: "/").last.map(String.init) ?? "model.gguf"
    do throws(ValueProblem) {
      var rules = [
        HostRule(
          host: try HostPattern(parsing: isOwn ? Self.ownName : host),
          ports: [number],
          addresses: isOwn ? ["127.0.0.1"] : []
        )
      ]
      for other in (isOwn ? [] : Self.relatives[host.lowercased()] ?? []) + others {
        rules.append(HostRule(host: try HostPattern(parsing: other), ports: [443]))
      }
      policy = PolicyDocument(
        workspace: .none,
        limits: Limits(wallSeconds: 86_400),
        network: rules.map { .host($0) },
        origin: PolicyDocument.Origin("models pull")
      )
    } catch {
      throw problem("names no host: \(error.what)")
    }
    if isOwn { parts.host = Self.ownName }
    guard let address = parts.string else { throw problem("cannot be read") }
    self.address = address
  }

  /// What the run that fetches it may do: reach these hosts, and nothing else.
  var policyText: String { policy.canonicalText }

  /// What curl is told on its standard input: to print the file, without so many bytes of its beginning.
  func told(without start: Int) -> [UInt8] {
    var lines = [
      "url = \(Self.quoted(address))", "location", "max-redirs = 8", #"proto-redir = "=https""#,
      "connect-timeout = 30", "speed-limit = 1", "speed-time = 60", "fail", "silent", "show-error",
    ]
    if start > 0 { lines.append("continue-at = \(start)") }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  /// As curl reads a value; the address holds no character that ends a line.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
