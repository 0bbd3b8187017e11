import Foundation
import Policy
import SystemPackage

/// What is taken from a running run: asked for by a file in the run's directory, and a signal.
///
/// The file only ever takes away, and what it took is not given back by another one.
enum Revocation {
  /// The hosts that a run's policy names.
  static func hosts(of run: String, home: Home) throws -> [String] {
    var hosts: [String] = []
    for rule in try document(of: run, home: home).network where !hosts.contains(rule.name) {
      hosts.append(rule.name)
    }
    return hosts
  }

  /// Leaves word for the supervisor. No host means: all of them.
  static func request(_ hosts: [String], run: String, home: Home) throws {
    let path = home.runs.appending(run).appending("revoked").string
    let old = (FileManager.default.contents(atPath: path)).map {
      String(decoding: $0, as: UTF8.self)
    }
    let text = hosts.isEmpty ? "*\n" : (old ?? "") + hosts.map { "\($0)\n" }.joined()
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    chmod(path, 0o600)
  }

  /// The policy that is left after what was asked; nil where nothing of the network is.
  static func remainder(
    of document: PolicyDocument,
    in directory: FilePath
  ) -> PolicyDocument? {
    // Whatever cannot be read takes everything.
    guard let data = FileManager.default.contents(atPath: directory.appending("revoked").string)
    else { return nil }
    let revoked = Set(String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init))
    guard !revoked.contains("*") else { return nil }
    var rest = document
    rest.network.removeAll { revoked.contains($0.name) }
    return rest.network.isEmpty ? nil : rest
  }

  private static func document(of run: String, home: Home) throws -> PolicyDocument {
    let path = home.runs.appending(run).appending("policy.yaml").string
    let data = try Data(contentsOf: URL(filePath: path))
    return try PolicyDocument.parse(String(decoding: data, as: UTF8.self), file: path)
  }
}

extension NetworkRule {
  /// As a person names the entry.
  fileprivate var name: String {
    switch self {
    case .host(let rule): rule.host.text
    case .git(let rule): "\(rule.host.text)/\(rule.repository)"
    case .packages(let rule): rule.name
    }
  }
}
