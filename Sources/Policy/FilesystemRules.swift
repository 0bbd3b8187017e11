/// The `filesystem` part of a document. Lists that a document leaves out keep their default.
package struct FilesystemRules: Hashable, Sendable {
  /// What may be read; nil means the system set.
  package var read: [PathRule]?
  /// What may be written; nil means the workspace and a private `/tmp`.
  package var write: [PathRule]?
  /// What may be neither read nor written, whatever else is granted.
  package var deny: [PathRule]
  /// Programs whose installation may be read, wherever `PATH` finds them.
  package var programs: [String]

  package init(
    read: [PathRule]? = nil,
    write: [PathRule]? = nil,
    deny: [PathRule] = [],
    programs: [String] = []
  ) {
    self.read = read
    self.write = write
    self.deny = deny
    self.programs = programs
  }

  /// What `read` stands for where a document does not say.
  package static let defaultRead = [PathRule("$SYSTEM")]
  /// What `write` stands for where a document does not say.
  package static let defaultWrite = [PathRule("$WORKSPACE"), PathRule("/tmp")]

  package var effectiveRead: [PathRule] { read ?? Self.defaultRead }
  package var effectiveWrite: [PathRule] { write ?? Self.defaultWrite }
}
