// What became of a run's changes: applied, undone or thrown away.

/// Changes are about to be carried into the workspace.
package struct ApplyStarted: Codable, Sendable, Equatable {
  /// The name of this one application; its other rows carry it too.
  package var id: String
  /// The paths that were asked for; empty for all of them.
  package var paths: [String]

  package init(id: String, paths: [String]) {
    self.id = id
    self.paths = paths
  }
}

/// An application is complete: what it did, and what it left out.
package struct ApplyFinished: Codable, Sendable, Equatable {
  package var id: String
  package var added: Int
  package var modified: Int
  package var deleted: Int
  /// Start-up files that wait for explicit consent.
  package var held: [String]
  /// Paths that changed in the workspace since the run started.
  package var conflicts: [String]

  package init(
    id: String,
    added: Int,
    modified: Int,
    deleted: Int,
    held: [String] = [],
    conflicts: [String] = []
  ) {
    self.id = id
    self.added = added
    self.modified = modified
    self.deleted = deleted
    self.held = held
    self.conflicts = conflicts
  }
}

/// An application that had been interrupted was carried through.
package struct ApplyRolledForward: Codable, Sendable, Equatable {
  package var id: String

  package init(id: String) {
    self.id = id
  }
}

/// What an application changed is about to be put back.
package struct UndoStarted: Codable, Sendable, Equatable {
  /// The application that is undone.
  package var id: String

  package init(id: String) {
    self.id = id
  }
}

/// What an application changed has been put back.
package struct UndoFinished: Codable, Sendable, Equatable {
  package var id: String
  package var restored: Int
  /// Paths that were left alone because they were edited after the application.
  package var conflicts: [String]

  package init(id: String, restored: Int, conflicts: [String] = []) {
    self.id = id
    self.restored = restored
    self.conflicts = conflicts
  }
}

/// A run's changes were thrown away.
package struct Discarded: Codable, Sendable, Equatable {
  /// How many changes were thrown away; nil where nobody counted.
  package var changes: ChangeCounts?

  package init(changes: ChangeCounts? = nil) {
    self.changes = changes
  }
}
