/// Carries out a plan that is on disk: forward to its end, or back to its beginning.
///
/// Every step is a rename, and where its content lies tells whether it was done: a process that is
/// killed at any point and started again goes on where it stopped.
struct Transaction {
  enum Verb: String, Sendable { case apply, undo }

  let plan: Plan
  let place: StagingPlace
  let workspace: Directory
  private var cursor: DirectoryCursor
  /// Old content that could not be put back because someone edited the path meanwhile.
  private(set) var rescued: [Plan.Operation] = []

  init(_ plan: Plan, in place: StagingPlace, workspace: Directory) {
    self.plan = plan
    self.place = place
    self.workspace = workspace
    cursor = DirectoryCursor(root: workspace)
  }

  // MARK: Forward

  mutating func goForward() throws(WorkspaceError) {
    try unlockDirectories()
    for operation in plan.operations { try carryOut(operation) }
    for operation in plan.operations { try settle(operation, new: operation.new, operation.old) }
    for directory in plan.directories.reversed() {
      try settle(
        directory,
        mode: directory.modeAfter,
        modified: directory.modifiedAfter,
        directory.attributesAfter
      )
    }
    try sync()
  }

  private mutating func carryOut(_ operation: Plan.Operation) throws(WorkspaceError) {
    let path = operation.path
    let parent = try cursor.parent(of: path)
    if let attributes = operation.attributes {
      try adjust(operation, to: operation.new, attributes.new, in: parent)
      return
    }
    let number = operation.name
    let staged = try place.new.file.status(of: number)
    switch (operation.new, operation.old) {
    case (.some(let new), nil):
      guard let staged else { return }
      guard new.isSame(staged) else { throw .interference(path, restored: false) }
      try move(number, place.new, path.name, parent, path)
    case (.some(let new), .some(let old)):
      try replace(operation, new, old, staged: staged, in: parent)
    case (nil, .some(let old)):
      if try place.old.file.status(of: number) != nil {
        try verify(operation, old)
        return
      }
      guard let current = try parent.file.status(of: path.name), old.isUnchanged(current)
      else { throw .interference(path, restored: false) }
      try unlock(path.name, in: parent, current)
      try move(path.name, parent, number, place.old, path)
      try verify(operation, old)
    case (nil, nil):
      return
    }
  }

  private mutating func replace(
    _ operation: Plan.Operation,
    _ new: Plan.Side,
    _ old: Plan.Side,
    staged: FileStatus?,
    in parent: Directory
  ) throws(WorkspaceError) {
    let (path, number, name) = (operation.path, operation.name, operation.path.name)
    guard let staged else { return }
    if staged.inode == old.identity.inode, staged.inode != new.identity.inode {
      // Exchanged already.
    } else if try place.old.file.status(of: number) != nil {
      // The old content was moved away or linked; the new one only has to take the name.
      try move(number, place.new, name, parent, path)
      return
    } else {
      guard let current = try parent.file.status(of: name), old.isUnchanged(current)
      else { throw .interference(path, restored: false) }
      try unlock(name, in: parent, current)
      do throws(WorkspaceError) {
        try place.new.file.rename(number, to: parent.file, as: name, .exchange)
      } catch {
        // EINVAL, ENOSYS, EOPNOTSUPP: the file system cannot exchange names.
        guard let failure = error.number, [22, 38, 95].contains(failure) else { throw error }
        try move(name, parent, number, place.old, path)
        try verify(operation, old)
        try move(number, place.new, name, parent, path)
        return
      }
    }
    try move(number, place.new, number, place.old, path)
    try verify(operation, old)
  }

  /// Looks again at what was just moved away: an edit in the last moment must not be lost.
  private func verify(
    _ operation: Plan.Operation,
    _ old: Plan.Side
  ) throws(WorkspaceError) {
    guard let moved = try place.old.file.status(of: operation.name), old.isSame(moved) else {
      throw .interference(operation.path, restored: false)
    }
    if old.kind == .directory,
      try Self.holdsAnything(since: plan.seen, operation.name, in: place.old)
    {
      throw .interference(operation.path, restored: false)
    }
  }

  static func holdsAnything(
    since moment: Timestamp,
    _ name: [UInt8],
    in directory: Directory
  ) throws(WorkspaceError) -> Bool {
    var pending = [RelativePath(trusted: name)]
    while let path = pending.popLast() {
      let here = try directory.file.open(path, [.read, .directory])
      for name in try here.names() {
        guard let status = try here.status(of: name) else { continue }
        if status.changed >= moment { return true }
        if status.kind == .directory { pending.append(path.appending(name)) }
      }
    }
    return false
  }

  // MARK: Back

  mutating func goBack() throws(WorkspaceError) {
    try unlockDirectories()
    for operation in plan.operations.reversed() { try takeBack(operation) }
    for operation in plan.operations { try settle(operation, new: operation.old, operation.new) }
    for directory in plan.directories.reversed() {
      try settle(
        directory,
        mode: directory.modeBefore,
        modified: directory.modifiedBefore,
        directory.attributesBefore
      )
    }
    try sync()
  }

  private mutating func takeBack(_ operation: Plan.Operation) throws(WorkspaceError) {
    let (path, number, name) = (operation.path, operation.name, operation.path.name)
    let staged = try place.new.file.status(of: number)
    let kept = try place.old.file.status(of: number)
    guard let parent = try? cursor.parent(of: path) else {
      // Someone took the whole directory away meanwhile.
      if kept != nil { rescued.append(operation) }
      return
    }
    if let attributes = operation.attributes {
      do throws(WorkspaceError) {
        try adjust(operation, to: operation.old, attributes.old, in: parent)
      } catch {
        // The file is someone else's by now, and so are its permissions.
        guard case .interference = error else { throw error }
      }
      return
    }
    let current = try parent.file.status(of: name)
    // The new content goes back into its place, unless it never left it or was edited since.
    if let new = operation.new, staged == nil {
      if let current, try isUntouched(current, new, name, in: parent) {
        try unlock(name, in: parent, current)
        if kept != nil, operation.old != nil,
          (try? parent.file.rename(name, to: place.old.file, as: number, .exchange)) != nil
        {
          try move(number, place.old, number, place.new, path)
          return
        }
        try move(name, parent, number, place.new, path)
      } else if kept != nil, let kept, kept.inode == new.identity.inode {
        // Exchanged back before a crash; only the new content's own move is missing.
        try move(number, place.old, number, place.new, path)
        return
      } else if current != nil {
        if kept != nil { rescued.append(operation) }
        return
      }
    } else if let staged, let new = operation.new, let old = operation.old,
      staged.inode == old.identity.inode, staged.inode != new.identity.inode
    {
      try place.new.file.rename(number, to: parent.file, as: name, .exchange)
      return
    }
    if kept != nil, operation.old != nil {
      if try parent.file.status(of: name) != nil {
        rescued.append(operation)
      } else {
        try move(number, place.old, name, parent, path)
      }
    }
  }

  private func isUntouched(
    _ current: FileStatus,
    _ new: Plan.Side,
    _ name: [UInt8],
    in parent: Directory
  ) throws(WorkspaceError) -> Bool {
    guard new.isSame(current) else { return false }
    if current.kind != .directory { return true }
    return try !Self.holdsAnything(since: plan.sealed, name, in: parent)
  }

  // MARK: Steps

  private func move(
    _ name: [UInt8],
    _ from: Directory,
    _ other: [UInt8],
    _ to: Directory,
    _ path: RelativePath
  ) throws(WorkspaceError) {
    do throws(WorkspaceError) {
      try from.file.rename(name, to: to.file, as: other, .new)
    } catch {
      if error.number == 17 || error.number == 2 { throw .interference(path, restored: false) }
      guard error.number == 22 else {
        throw .system(doing: "move", path: path.display, number: error.number ?? 5)
      }
      // A file system without RENAME_NOREPLACE.
      if try to.file.status(of: other) != nil { throw .interference(path, restored: false) }
      try from.file.rename(name, to: to.file, as: other, .replacing)
    }
  }

  private func adjust(
    _ operation: Plan.Operation,
    to side: Plan.Side?,
    _ attributes: ExtendedAttributes,
    in parent: Directory
  ) throws(WorkspaceError) {
    guard let side, let old = operation.old else { return }
    let name = operation.path.name
    guard let current = try parent.file.status(of: name), current.kind == .file,
      current.inode == old.identity.inode, current.size == old.identity.size
    else { throw .interference(operation.path, restored: false) }
    let file = try parent.file.open(name: name, .path)
    // user.* needs write permission on the file, which either mode may lack.
    if try ExtendedAttributes(of: [], in: file) != attributes {
      try file.setMode(current.mode | 0o600)
      try attributes.write(to: [], in: file)
    }
    try file.setMode(side.mode)
    try parent.file.setModified(side.modified, of: name)
  }

  /// Moving a directory takes write permission on the directory itself.
  private func unlock(
    _ name: [UInt8],
    in parent: Directory,
    _ status: FileStatus
  ) throws(WorkspaceError) {
    guard status.kind == .directory, status.mode & 0o700 != 0o700 else { return }
    try parent.file.open(name: name, [.path, .directory]).setMode(status.mode | 0o700)
  }

  private mutating func unlockDirectories() throws(WorkspaceError) {
    for change in plan.directories {
      guard let status = try cursor.status(of: change.path), status.inode == change.inode else {
        continue
      }
      if status.mode & 0o700 != 0o700 {
        try cursor.directory(at: change.path).file.setMode(status.mode | 0o700)
      }
    }
  }

  /// Gives moved directories their own permissions and time again.
  private mutating func settle(
    _ operation: Plan.Operation,
    new: Plan.Side?,
    _ old: Plan.Side?
  ) throws(WorkspaceError) {
    if operation.attributes != nil { return }
    if let new, new.kind == .directory, let parent = try? cursor.parent(of: operation.path) {
      let name = operation.path.name
      if let current = try parent.file.status(of: name), current.kind == .directory,
        current.inode == new.identity.inode
      {
        let directory = try parent.file.open(name: name, [.path, .directory])
        if current.mode != new.mode { try directory.setMode(new.mode) }
        if current.modified != new.modified { try directory.setModified(new.modified) }
      }
    }
    if let old, old.kind == .directory {
      for side in [place.old, place.new] {
        if let kept = try side.file.status(of: operation.name), kept.kind == .directory,
          kept.inode == old.identity.inode, kept.mode != old.mode
        {
          try side.file.open(name: operation.name, [.path, .directory]).setMode(old.mode)
        }
      }
    }
  }

  private mutating func settle(
    _ change: Plan.DirectoryChange,
    mode: UInt32,
    modified: Timestamp?,
    _ attributes: ExtendedAttributes
  ) throws(WorkspaceError) {
    guard let status = try cursor.status(of: change.path), status.inode == change.inode else {
      return
    }
    let directory = try cursor.directory(at: change.path)
    try attributes.write(to: [], in: directory.file)
    if status.mode != mode { try directory.file.setMode(mode) }
    if let modified { try directory.file.setModified(modified) }
  }

  /// Few directories are synced one by one; with many, the whole file system is cheaper.
  private mutating func sync() throws(WorkspaceError) {
    if plan.directories.count > 32 {
      try workspace.file.syncFileSystem()
      return
    }
    for change in plan.directories {
      do throws(WorkspaceError) {
        try workspace.file.open(change.path, [.read, .directory, .sameMount]).sync()
      } catch {
        try workspace.file.syncFileSystem()
        return
      }
    }
    try place.new.file.sync()
    try place.old.file.sync()
  }
}
