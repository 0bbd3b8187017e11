/// A run ended, and how.
package struct RunEnded: Codable, Sendable, Equatable {
  /// The command's own exit status; nil where a signal or Caisson ended it.
  package var exit: Int?
  package var signal: Int?
  /// Why Caisson could not carry the run through, where that is what ended it.
  package var error: String?
  /// The limit that ended the run: `wall`, `memory`, `processes`, `cpu` or `disk`.
  package var limit: String?
  package var seconds: Double
  package var cpuSeconds: Double
  package var maxMemoryBytes: Int64
  /// What the workspace holds that was not there before; nil where nobody looked.
  package var changes: ChangeCounts?
  package var denials: Int

  package init(
    exit: Int? = nil,
    signal: Int? = nil,
    error: String? = nil,
    limit: String? = nil,
    seconds: Double,
    cpuSeconds: Double = 0,
    maxMemoryBytes: Int64 = 0,
    changes: ChangeCounts? = nil,
    denials: Int = 0
  ) {
    self.exit = exit
    self.signal = signal
    self.error = error
    self.limit = limit
    self.seconds = seconds
    self.cpuSeconds = cpuSeconds
    self.maxMemoryBytes = maxMemoryBytes
    self.changes = changes
    self.denials = denials
  }
}

/// How many paths a run added, modified and deleted.
package struct ChangeCounts: Codable, Sendable, Equatable {
  package var added: Int
  package var modified: Int
  package var deleted: Int

  package init(added: Int, modified: Int, deleted: Int) {
    self.added = added
    self.modified = modified
    self.deleted = deleted
  }

  package var total: Int { added + modified + deleted }
}

/// The supervisor of a run died before it could say how the run ended; written by the next
/// command that notices.
package struct RunAbandoned: Codable, Sendable, Equatable {
  package var reason: String

  package init(reason: String) {
    self.reason = reason
  }
}
