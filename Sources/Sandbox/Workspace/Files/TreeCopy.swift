internal import CLinux

/// Copies single entries from one tree into another, with what apply may carry.
///
/// Directories are made writable first and get their permissions and times at the end, deepest
/// first, since filling them moves both.
struct TreeCopy {
  /// What of an entry crosses.
  enum Carries {
    /// What a run made: permissions without special bits, `user.*` attributes.
    case untrusted
    /// What was in the workspace before: everything that the file system lets us set.
    case everything
  }

  private let carries: Carries
  /// Whether the top of each copy stays writable, since it is moved into place later.
  private let isStaged: Bool
  /// Whether each file is written to disk at once. With many, one sync of everything is cheaper.
  var syncsEach = false
  private let target: Directory
  private var sources: DirectoryCursor
  private var targets: DirectoryCursor
  /// The owner that new entries get where Caisson runs as root.
  private let owner: (user: UInt32, group: UInt32)?
  private var directories: [(path: RelativePath, mode: UInt32, modified: Timestamp)] = []
  /// First copies of files with several names, so that the names stay one file.
  private var linked: [UInt64: RelativePath] = [:]

  init(
    _ carries: Carries,
    from source: Directory,
    to target: Directory,
    staged isStaged: Bool,
    owner: (user: UInt32, group: UInt32)? = nil
  ) {
    self.isStaged = isStaged
    self.carries = carries
    self.target = target
    self.owner = cl_fs_effective_user() == 0 ? owner : nil
    sources = DirectoryCursor(root: source)
    targets = DirectoryCursor(root: target)
  }

  /// Copies one entry. A directory is made empty.
  ///
  /// - Parameters:
  ///   - mode: The permissions that the copy gets.
  ///   - expected: The entry as it was scanned; anything else is refused.
  ///   - group: The group that it keeps, where Caisson runs as root.
  mutating func copy(
    _ path: RelativePath,
    to place: RelativePath,
    mode: UInt32,
    expecting expected: FileStatus,
    group: UInt32? = nil
  ) throws(WorkspaceError) {
    let from = try sources.parent(of: path)
    let to = try targets.parent(of: place)
    let (name, newName) = (path.name, place.name)
    switch expected.kind {
    case .directory:
      try to.file.makeDirectory(newName)
      try dress(name, from, newName, to, expected, group)
      directories.append((place, mode, expected.modified))
    case .symbolicLink:
      try to.file.makeLink(newName, to: from.file.linkTarget(of: name))
      try own(newName, to, expected, group)
      try to.file.setModified(expected.modified, of: newName)
    case .file:
      if expected.links > 1, let first = linked[expected.inode] {
        try targets.parent(of: first).file.hardLink(
          first.name,
          to: to.file,
          as: newName
        )
        return
      }
      try copyFile(name, from, newName, to, mode: mode, expecting: expected, group)
      if expected.links > 1 { linked[expected.inode] = place }
    case .characterDevice, .blockDevice, .fifo, .socket:
      throw .system(doing: "keep a copy of", path: path.display, number: 95)
    }
  }

  /// Copies an entry with everything beneath it, permissions and all.
  mutating func copyTree(
    _ path: RelativePath,
    to place: RelativePath,
    from source: Directory
  ) throws(WorkspaceError) {
    guard let status = try sources.status(of: path) else {
      throw .system(doing: "copy", path: path.display, number: 2)
    }
    try copy(path, to: place, mode: status.mode, expecting: status)
    guard status.kind == .directory else { return }
    for name in try source.file.open(path, [.read, .directory]).names() {
      try copyTree(path.appending(name), to: place.appending(name), from: source)
    }
  }

  private func copyFile(
    _ name: [UInt8],
    _ from: Directory,
    _ newName: [UInt8],
    _ to: Directory,
    mode: UInt32,
    expecting expected: FileStatus,
    _ group: UInt32?
  ) throws(WorkspaceError) {
    let source = try from.file.open(name: name, .read)
    guard try source.status().identity == expected.identity else {
      throw .interference(RelativePath(trusted: name), restored: true)
    }
    let copy = try to.file.open(name: newName, .create)
    try FileContent.copy(from: source, to: copy, size: expected.size, newName)
    try dress(name, from, newName, to, expected, group)
    try copy.setMode(mode)
    try copy.setModified(expected.modified)
    if syncsEach { try copy.sync() }
  }

  /// Gives directories their permissions and times, deepest first.
  mutating func finish() throws(WorkspaceError) {
    for (path, mode, modified) in directories.reversed() {
      let directory = try target.file.open(path, [.path, .directory])
      // Moving a directory takes write permission on it.
      let isMoved = isStaged && (path.parent?.isRoot ?? true)
      try directory.setMode(isMoved ? mode | 0o700 : mode)
      try directory.setModified(modified)
    }
    directories = []
  }

  private func dress(
    _ name: [UInt8],
    _ from: Directory,
    _ newName: [UInt8],
    _ to: Directory,
    _ status: FileStatus,
    _ group: UInt32?
  ) throws(WorkspaceError) {
    try own(newName, to, status, group)
    switch carries {
    case .untrusted:
      let attributes = try ExtendedAttributes(of: name, in: from.file)
      if !attributes.values.isEmpty { try attributes.write(to: newName, in: to.file) }
    case .everything:
      for key in try ExtendedAttributes.keys(of: name, in: from.file) {
        guard let value = try ExtendedAttributes.value(key, of: name, in: from.file) else {
          continue
        }
        do throws(WorkspaceError) {
          try ExtendedAttributes.set(key, value, of: newName, in: to.file)
        } catch {
          // security.* and trusted.* are the administrator's to set.
          if error.number != 1, error.number != 95 { throw error }
        }
      }
    }
  }

  private func own(
    _ name: [UInt8],
    _ directory: Directory,
    _ status: FileStatus,
    _ group: UInt32?
  ) throws(WorkspaceError) {
    if carries == .everything, cl_fs_effective_user() == 0 {
      try directory.file.setOwner(name, owner: status.owner, group: status.group)
    } else if let owner {
      try directory.file.setOwner(name, owner: owner.user, group: group ?? owner.group)
    }
  }
}
