/// A tool server, those of its tools that may be called, and with what.
package struct ToolRule: Hashable, Sendable {
  /// What is started, or spoken to.
  package enum Place: Hashable, Sendable {
    /// A program and its arguments, spoken to through a pipe.
    case command([String])
    /// An address over HTTPS.
    case url(String)
  }

  package var server: String
  /// Names of tools; `*` stands for any part of one.
  package var allow: [String]
  /// Nil where the entry names a server that is known by its name alone.
  package var place: Place?
  /// The profile or the file of the policy that the server itself runs under.
  package var policy: String?
  package var environment: EnvironmentRules?
  package var classes: [ClassRule]
  package var arguments: [ArgumentRule]
  package var mark: SourceMark

  package init(
    server: String,
    allow: [String],
    place: Place? = nil,
    policy: String? = nil,
    environment: EnvironmentRules? = nil,
    classes: [ClassRule] = [],
    arguments: [ArgumentRule] = [],
    line: Int? = nil
  ) {
    self.server = server
    self.allow = allow
    self.place = place
    self.policy = policy
    self.environment = environment
    self.classes = classes
    self.arguments = arguments
    mark = SourceMark(line: line)
  }

  /// The entry in words, as decisions name it.
  package var name: String {
    mark.line.map { "tools: \(server) (line \($0))" } ?? "tools: \(server)"
  }
}

/// What may be done about a call of which nobody knows whether it happened.
package enum ToolClass: String, Hashable, Sendable, CaseIterable, Comparable {
  /// A person is asked.
  case opaque
  /// The world is asked.
  case probed
  /// It is made again, under the same key.
  case keyed
  /// It is made again: it changes nothing.
  case pure

  /// From the one that trusts least to the one that trusts most.
  package static func < (left: ToolClass, right: ToolClass) -> Bool { left.trust < right.trust }

  private var trust: Int {
    switch self {
    case .opaque: 0
    case .probed: 1
    case .keyed: 2
    case .pure: 3
    }
  }
}

/// The class of the tools that a pattern matches.
package struct ClassRule: Hashable, Sendable {
  package var tools: String
  package var toolClass: ToolClass

  package init(tools: String, _ toolClass: ToolClass) {
    self.tools = tools
    self.toolClass = toolClass
  }
}

/// What an argument of the tools that a pattern matches must look like.
package struct ArgumentRule: Hashable, Sendable {
  package var tools: String
  /// The keys that lead to the argument, joined by dots.
  package var path: String
  /// Whether a call may leave it out.
  package var isOptional: Bool
  package var values: [ValuePattern]

  package init(tools: String, path: String, isOptional: Bool = false, values: [ValuePattern]) {
    self.tools = tools
    self.path = path
    self.isOptional = isOptional
    self.values = values
  }
}
