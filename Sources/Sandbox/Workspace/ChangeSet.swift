/// Everything that a run changed and that is not applied yet, in tree order.
package struct ChangeSet: Sendable {
  package let record: WorkspaceRecord
  /// In tree order: a directory comes directly before what it holds.
  package internal(set) var changes: [Change]
  /// How many changes of the run were applied before.
  package internal(set) var appliedBefore: Int

  /// No changes, of a run that left none.
  package init(empty record: WorkspaceRecord) {
    self.init(record: record, changes: [], appliedBefore: 0)
  }

  private init(record: WorkspaceRecord, changes: [Change], appliedBefore: Int) {
    self.record = record
    self.changes = changes
    self.appliedBefore = appliedBefore
  }

  package struct Totals: Hashable, Sendable {
    package var added = 0
    package var modified = 0
    package var deleted = 0

    package init(added: Int = 0, modified: Int = 0, deleted: Int = 0) {
      self.added = added
      self.modified = modified
      self.deleted = deleted
    }
  }

  package var totals: Totals {
    var totals = Totals()
    for change in changes {
      switch change.kind {
      case .added: totals.added += 1
      case .modified: totals.modified += 1
      case .deleted: totals.deleted += 1
      }
    }
    return totals
  }

  /// The changes at or beneath any of the paths; all where none is named.
  package func selecting(_ paths: [RelativePath]) throws(WorkspaceError) -> [Change] {
    if paths.isEmpty { return changes }
    for path in paths where !changes.contains(where: { $0.path.isWithin(path) }) {
      throw .noSuchChange(path)
    }
    return changes.filter { change in paths.contains { change.path.isWithin($0) } }
  }

  /// The bytes that a digest of the change set is taken of: paths, what changes, and the identity
  /// (inode, ctime, size) of both sides, since no content changes without its ctime.
  package func canonicalBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    var writer = ByteWriter()
    writer.bytes(Array("caisson change set 1".utf8))
    for change in changes {
      writer.bytes(change.path.bytes)
      writer.byte(change.kind.rawValue)
      writer.byte(change.aspects.rawValue)
      writer.byte(change.notes.rawValue)
      for status in [change.before, change.after] {
        guard let status else {
          writer.byte(0)
          continue
        }
        writer.byte(status.kind.rawValue)
        writer.integer(status.mode)
        if status.kind != .directory { writer.identity(status.identity) }
      }
      if writer.count > 1 << 16 {
        writer.drain(body)
      }
    }
    writer.drain(body)
  }

  /// Compares a run's layer with its workspace.
  package static func scan(_ record: WorkspaceRecord) throws(WorkspaceError) -> ChangeSet {
    if record.mode == .direct || record.mode == .none { throw .nothingHeld(record.mode) }
    let state = try RunState.existing(record)
    return try scan(record, applied: state?.appliedState() ?? AppliedState())
  }

  static func scan(
    _ record: WorkspaceRecord,
    applied: AppliedState
  ) throws(WorkspaceError) -> ChangeSet {
    var scan = try LayerScan(
      upper: openTree(record.changes, as: "run's layer"),
      lower: openTree(record.lower, as: "workspace"),
      layer: record.readLayer(),
      applied: applied
    )
    try scan.run()
    return ChangeSet(record: record, changes: scan.changes, appliedBefore: scan.appliedBefore)
  }
}
