/// What an apply or an undo is going to do, complete before the first visible change.
///
/// Written to disk and synced, it is the decision: with the plan there the work is finished, without
/// it the work is forgotten.
struct Plan: Sendable {
  var operations: [Operation] = []
  /// Directories of the workspace whose entries or permissions change, in tree order.
  var directories: [DirectoryChange] = []
  /// Each path that changes, in tree order.
  var members: [Member] = []
  /// What of the workspace changed at or after this moment was not seen when the plan was made.
  var seen = Timestamp(seconds: 0, nanoseconds: 0)
  /// All new content was staged before this moment.
  var sealed = Timestamp(seconds: 0, nanoseconds: 0)

  struct Member: Hashable, Sendable {
    var path: RelativePath
    var wasThere: Bool
    var isThere: Bool
  }

  /// One step: a name that is created, replaced or removed, or a file whose permissions change.
  struct Operation: Hashable, Sendable {
    var path: RelativePath
    /// The name of its new and old content in the staging directories.
    var number: UInt32
    var new: Side?
    var old: Side?
    /// Set where the file stays and only its permissions and attributes change.
    var attributes: (new: ExtendedAttributes, old: ExtendedAttributes)? {
      get { adjustment.map { ($0.new, $0.old) } }
      set { adjustment = newValue.map { Adjustment(new: $0.new, old: $0.old) } }
    }
    private var adjustment: Adjustment?

    private struct Adjustment: Hashable, Sendable {
      var new: ExtendedAttributes
      var old: ExtendedAttributes
    }

    init(path: RelativePath, number: UInt32, new: Side?, old: Side?) {
      self.path = path
      self.number = number
      self.new = new
      self.old = old
    }

    var name: [UInt8] { Array(String(number).utf8) }

    /// The step that takes this one back.
    var reversed: Operation {
      var operation = Operation(path: path, number: number, new: old, old: new)
      operation.attributes = attributes.map { ($0.old, $0.new) }
      return operation
    }
  }

  /// A file as it is before or after a step.
  struct Side: Hashable, Sendable {
    var kind: FileKind
    var identity: FileIdentity
    var mode: UInt32
    var modified: Timestamp

    init(_ status: FileStatus, mode: UInt32? = nil, modified: Timestamp? = nil) {
      kind = status.kind
      identity = status.identity
      self.mode = mode ?? status.mode
      self.modified = modified ?? status.modified
    }

    /// Whether a file is this one, not touched since. Another name of the same file that was moved
    /// touches its ctime too.
    func isUnchanged(_ status: FileStatus) -> Bool {
      isSame(status) && (status.links > 1 || identity.matches(status))
    }

    /// Whether a file is this one after it was moved, which touches its ctime.
    func isSame(_ status: FileStatus) -> Bool {
      guard kind == status.kind, identity.inode == status.inode else { return false }
      return kind == .directory || (identity.size == status.size && modified == status.modified)
    }
  }

  struct DirectoryChange: Hashable, Sendable {
    var path: RelativePath
    var inode: UInt64
    var modeBefore: UInt32
    var modeAfter: UInt32
    var modifiedBefore: Timestamp
    /// nil: it keeps the time that the work itself gives it.
    var modifiedAfter: Timestamp?
    var attributesBefore = ExtendedAttributes()
    var attributesAfter = ExtendedAttributes()
  }
}
