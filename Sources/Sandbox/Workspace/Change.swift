/// One path that differs between the workspace and what the run made of it.
package struct Change: Sendable {
  package enum Kind: UInt8, Sendable {
    case added = 1
    case modified, deleted
  }

  /// In what a modified path differs.
  package struct Aspects: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let content = Aspects(rawValue: 1)
    package static let permissions = Aspects(rawValue: 2)
    /// A file became a directory, a link a file, and so on.
    package static let type = Aspects(rawValue: 4)
    package static let attributes = Aspects(rawValue: 8)
  }

  /// What the change asked for and apply never carries, or what it does not keep.
  package struct Notes: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let setuid = Notes(rawValue: 1)
    package static let setgid = Notes(rawValue: 2)
    package static let sticky = Notes(rawValue: 4)
    package static let capabilities = Notes(rawValue: 8)
    /// The file in the workspace has further hard links; applying makes this name a file of its own.
    package static let splitsHardLink = Notes(rawValue: 16)
  }

  /// Why a change cannot be applied as things stand.
  package enum Obstacle: Hashable, Sendable {
    /// The workspace changed since the run began; what happened to it.
    case conflict(Conflict)
    /// Something that apply never carries.
    case unsupported(Unsupported)
  }

  package enum Conflict: String, Sendable {
    case changed = "changed in the workspace since the run began"
    case appeared = "appeared in the workspace since the run began"
    case removed = "was removed from the workspace since the run began"
    case replaced = "was replaced by something else in the workspace since the run began"
  }

  package enum Unsupported: String, Sendable {
    case device = "device nodes are never applied"
    case fifo = "named pipes are never applied"
    case socket = "sockets are never applied"
    case tooDeep = "the path is too long to be applied"
    case unreadable = "cannot be read: its permissions forbid it"
    case reserved = "the name is reserved for Caisson"
    case otherFileSystem = "lies on another file system than the workspace"
  }

  package var path: RelativePath
  package var kind: Kind
  package var aspects: Aspects = []
  package var notes: Notes = []
  package var obstacle: Obstacle?
  /// In the workspace, as scanned; nil where the path was added.
  package var before: FileStatus?
  /// In the run's layer; nil where the path was deleted.
  package var after: FileStatus?

  /// The permissions that apply gives it. Special bits are never carried; those that a directory of
  /// the workspace already has stay.
  package var carriedMode: UInt32 {
    guard let after else { return 0 }
    if after.kind == .directory, let before, before.kind == .directory {
      return after.permissions | (before.mode & 0o7000)
    }
    return after.permissions
  }
}
