/// What a run is granted, and what it is told, so that its package managers find what the caller's
/// find: registries, variables and files, none of which holds a credential.
package struct PackageAccess: Sendable {
  /// A part of a text that is told.
  enum Piece: Hashable, Sendable {
    case text(String)
    case address(Registry)
    /// A line for a token, where a secret stands in for it.
    case token(place: String, Registry)
  }

  package let kind: PackageRule.Kind
  /// In the order of the configuration, each once.
  package internal(set) var registries: [Registry] = []
  /// Whether no file and no variable names an index, so that the client's own is meant.
  package internal(set) var isBuiltIn = false
  /// What is configured and not granted, one sentence each.
  package internal(set) var notes: [String] = []
  /// Registries that the caller logs in to.
  var guarded: [Registry] = []
  var variables: [String: [Piece]] = [:]
  var file: (path: String, lines: [[Piece]])?

  init(_ kind: PackageRule.Kind) {
    self.kind = kind
  }

  /// Variables of the run.
  ///
  /// - Parameter login: what stands for the secret that a registry is sent; nil where there is none.
  package func environment(_ login: (Registry) -> String?) -> [String: String] {
    variables.mapValues { Self.text($0, login) }
  }

  /// A file that is made for the run.
  package func file(_ login: (Registry) -> String?) -> (path: String, text: String)? {
    file.map { file in
      let lines = file.lines.map { Self.text($0, login) }.filter { !$0.isEmpty }
      return (file.path, lines.map { "\($0)\n" }.joined())
    }
  }

  /// Registries that the caller logs in to and the run does not.
  package func withheld(_ login: (Registry) -> String?) -> [Registry] {
    guarded.filter { login($0) == nil }
  }

  private static func text(_ pieces: [Piece], _ login: (Registry) -> String?) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .address(let registry): text += registry.address(login: login(registry))
      case .token(let place, let registry):
        if let value = login(registry) { text += "\(place):_authToken=\(value)" }
      }
    }
    return text
  }
}
