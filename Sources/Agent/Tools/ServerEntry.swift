import Foundation
package import Policy

/// A server of the policy as it is started: what a person approves of it, besides its tools.
package struct ServerEntry: Sendable {
  /// Why a server that the policy names is not used.
  package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ text: String) { description = text }
  }

  let name: String
  let command: [String]
  let allow: [String]
  /// What its run is sealed by, whole: a file that changes later changes nothing.
  let policy: String

  package init(_ rule: ToolRule) throws(Problem) {
    name = rule.server
    allow = rule.allow
    switch rule.place {
    case .command(let words): command = words
    case .url(let address):
      throw Problem(
        "\(rule.name): agents do not use url yet; write it as "
          + "command: [/path/of/caisson-mcp, \(address)], with a policy that grants the host"
      )
    case nil:
      throw Problem("\(rule.name): no command says how it is started; write command: [PROGRAM]")
    }
    var document = try Self.document(rule)
    document.workspace = .none
    // It asks no model by itself.
    document.models = nil
    if let first = document.unsupported.first {
      throw Problem("\(rule.name): its own policy \(document.origin.name): \(first)")
    }
    if let environment = rule.environment {
      document.environment.pass = environment.pass ?? document.environment.pass
      document.environment.set.merge(environment.set) { _, new in new }
    }
    policy = document.canonicalText
  }

  private static func document(_ rule: ToolRule) throws(Problem) -> PolicyDocument {
    let name = rule.policy ?? "default"
    if let profile = Profile.named(name) { return profile }
    guard name.hasPrefix("/") else {
      throw Problem("\(rule.name): policy \(name) is no profile, and no absolute path of a file")
    }
    // One byte more than a policy may have, so that a device or a large file ends, too.
    guard let file = FileHandle(forReadingAtPath: name),
      let data = try? file.read(upToCount: PolicyDocument.largestSize + 1) ?? Data(),
      let text = String(data: data, encoding: .utf8)
    else {
      throw Problem("\(rule.name): policy \(name) is no file of UTF-8 text that can be read")
    }
    do {
      return try PolicyDocument.parse(text, file: name)
    } catch {
      throw Problem("\(rule.name): \(error)")
    }
  }
}
