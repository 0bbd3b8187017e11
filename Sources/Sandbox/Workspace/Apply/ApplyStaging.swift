/// Builds the plan of an apply and copies all new content to where it waits for its move.
///
/// Nothing of the workspace that anyone sees changes here, so a full disk ends it harmlessly.
struct ApplyStaging {
  private let workspace: Directory
  private let upper: Directory
  private let place: StagingPlace
  /// Where copies of the old content go, when renames cannot bring it into the run's state.
  private let backups: Directory?
  private var copy: TreeCopy
  private var backup: TreeCopy?
  private var uppers: DirectoryCursor
  private var lowers: DirectoryCursor
  private var plan = Plan()
  private var parents: Set<RelativePath> = []
  private var changedDirectories: [RelativePath: Change] = [:]
  private let root: FileStatus

  init(
    workspace: Directory,
    upper: Directory,
    place: StagingPlace,
    backups: Directory?,
    seen: Timestamp
  ) throws(WorkspaceError) {
    self.workspace = workspace
    self.upper = upper
    self.place = place
    self.backups = backups
    root = try workspace.file.status()
    copy = TreeCopy(
      .untrusted,
      from: upper,
      to: place.new,
      staged: true,
      owner: (root.owner, root.group)
    )
    if let backups {
      backup = TreeCopy(.everything, from: workspace, to: backups, staged: true)
    }
    uppers = DirectoryCursor(root: upper)
    lowers = DirectoryCursor(root: workspace)
    plan.seen = seen
  }

  /// More files than this are synced all at once.
  private static let manyFiles = 48

  mutating func stage(_ changes: [Change]) throws(WorkspaceError) -> Plan {
    copy.syncsEach = changes.count <= Self.manyFiles
    backup?.syncsEach = copy.syncsEach
    var covered: (path: RelativePath, number: UInt32)?
    for change in changes {
      plan.members.append(
        Plan.Member(
          path: change.path,
          wasThere: change.before != nil,
          isThere: change.after != nil
        )
      )
      if let top = covered, change.path.isWithin(top.path) {
        if let after = change.after {
          let suffix = change.path.suffix(beneath: top.path)
          let number = RelativePath(trusted: Array(String(top.number).utf8))
          let place = number.appending(suffix.bytes)
          try copy.copy(change.path, to: place, mode: change.carriedMode, expecting: after)
        }
        continue
      }
      covered = nil
      if let number = try add(change) { covered = (change.path, number) }
    }
    try copy.finish()
    try backup?.finish()
    try completeOperations()
    try addDirectories()
    try sync()
    plan.sealed = Timestamp.nextTick()
    return plan
  }

  /// Adds the step for a change; gives its number where it takes what lies beneath along.
  private mutating func add(_ change: Change) throws(WorkspaceError) -> UInt32? {
    let path = change.path
    if let before = change.before, before.kind == .directory, change.after?.kind == .directory {
      changedDirectories[path] = change
      return nil
    }
    parents.insert(path.parent ?? .root)
    let number = UInt32(plan.operations.count + 1)
    var operation = Plan.Operation(path: path, number: number, new: nil, old: nil)
    operation.old = change.before.map { Plan.Side($0) }
    if let before = change.before, let after = change.after,
      change.aspects.isDisjoint(with: [.content, .type])
    {
      operation.new = Plan.Side(before, mode: change.carriedMode, modified: after.modified)
      let (name, parent) = (path.name, try lowers.parent(of: path))
      operation.attributes = (
        new: try ExtendedAttributes(of: name, in: uppers.parent(of: path).file),
        old: try ExtendedAttributes(of: name, in: parent.file)
      )
      plan.operations.append(operation)
      return nil
    }
    let name = RelativePath(trusted: operation.name)
    if let after = change.after {
      let group = change.before.flatMap { $0.owner == root.owner ? $0.group : nil }
      try copy.copy(path, to: name, mode: change.carriedMode, expecting: after, group: group)
      if after.kind == .file, change.before?.kind == .file { try keepAccessList(change, name) }
      operation.new = Plan.Side(after, mode: change.carriedMode)
    }
    if change.before != nil {
      try backup?.copyTree(path, to: name, from: workspace)
    }
    plan.operations.append(operation)
    let takesAlong = change.before?.kind == .directory || change.after?.kind == .directory
    return takesAlong ? number : nil
  }

  /// A file that is replaced keeps the access list that its owner gave it.
  private mutating func keepAccessList(
    _ change: Change,
    _ name: RelativePath
  ) throws(WorkspaceError) {
    let key = Array("system.posix_acl_access".utf8)
    let parent = try lowers.parent(of: change.path)
    guard
      let list = try ExtendedAttributes.value(key, of: change.path.name, in: parent.file)
    else { return }
    try ExtendedAttributes.set(key, list, of: name.bytes, in: place.new.file)
    try place.new.file.open(name: name.bytes, .path).setMode(change.carriedMode)
  }

  /// The staged files' own inodes and times are known only now.
  private mutating func completeOperations() throws(WorkspaceError) {
    for index in plan.operations.indices {
      let operation = plan.operations[index]
      guard operation.attributes == nil, let new = operation.new else { continue }
      guard let status = try place.new.file.status(of: operation.name) else {
        throw .interference(operation.path, restored: true)
      }
      plan.operations[index].new = Plan.Side(status, mode: new.mode)
    }
  }

  /// The directories whose entries change: afterwards they have the times that the run gave them.
  private mutating func addDirectories() throws(WorkspaceError) {
    var paths = parents.union(changedDirectories.keys)
    if place.hidden != nil { paths.insert(.root) }
    for path in paths.sorted() {
      guard let below = try lowers.status(of: path) else {
        throw .interference(path, restored: true)
      }
      let before = path.isRoot ? place.hidden?.rootModified ?? below.modified : below.modified
      var directory = Plan.DirectoryChange(
        path: path,
        inode: below.inode,
        modeBefore: below.mode,
        modeAfter: below.mode,
        modifiedBefore: before,
        modifiedAfter: before
      )
      directory.attributesBefore = try ExtendedAttributes(
        of: [],
        in: lowers.directory(at: path).file
      )
      directory.attributesAfter = directory.attributesBefore
      if parents.contains(path), let above = try uppers.status(of: path),
        above.kind == .directory
      {
        directory.modifiedAfter = above.modified
      }
      if let change = changedDirectories[path] {
        directory.modeAfter = change.carriedMode
        directory.attributesAfter = try ExtendedAttributes(
          of: [],
          in: uppers.directory(at: path).file
        )
      }
      plan.directories.append(directory)
    }
  }

  private func sync() throws(WorkspaceError) {
    guard copy.syncsEach else {
      try place.new.file.syncFileSystem()
      try backups?.file.syncFileSystem()
      return
    }
    var created: [RelativePath] = [.root]
    for operation in plan.operations where operation.new?.kind == .directory {
      created.append(RelativePath(trusted: operation.name))
    }
    if created.count > 1 {
      try place.new.file.syncFileSystem()
    } else {
      try place.new.file.sync()
    }
    if let backups { try backups.file.syncFileSystem() }
  }
}
