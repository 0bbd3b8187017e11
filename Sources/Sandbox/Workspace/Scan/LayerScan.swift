internal import SystemPackage

/// Walks a run's layer beside the workspace and lists what differs, in tree order.
///
/// Each directory is opened anew from the root, so that depth costs no descriptors, and no symbolic
/// link is followed on either side.
struct LayerScan: ~Copyable {
  private let upper: OpenFile
  private let lower: OpenFile
  private let lowerRoot: FileStatus
  private let layer: ChangeLayer
  private let applied: AppliedState
  private(set) var changes: [Change] = []
  private(set) var appliedBefore = 0
  private var origins = OriginCheck()
  /// Whether nobody added or removed entries of the workspace's directory at hand since the start.
  private var isQuiet = true

  /// Deeper paths do not fit into one system call.
  private static let longestPath = 3900
  private static let deepest = 500

  init(
    upper: consuming OpenFile,
    lower: consuming OpenFile,
    layer: ChangeLayer,
    applied: AppliedState
  ) throws(WorkspaceError) {
    lowerRoot = try lower.status()
    self.upper = upper
    self.lower = lower
    self.layer = layer
    self.applied = applied
  }

  mutating func run() throws(WorkspaceError) {
    // The root itself is not compared: the layer's own top directory is Caisson's.
    try visit(.root, besideLower: true, opaque: false, depth: 0)
    origins.settle(&changes)
  }

  // MARK: The walk

  private mutating func visit(
    _ path: RelativePath,
    besideLower: Bool,
    opaque: Bool,
    depth: Int
  ) throws(WorkspaceError) {
    let here = try upper.open(path, [.read, .directory])
    let upperNames = try here.names()
    var lowerNames: [[UInt8]] = []
    if besideLower {
      let there = try lower.open(path, [.read, .directory, .sameMount])
      // What the layer does not name shows through, unless it hides what lies below.
      let hides: Bool
      if case .copy = layer { hides = true } else { hides = opaque }
      if hides { lowerNames = try there.names() }
      let status = try there.status()
      let wasQuiet = applied.isOurs(path, status) || layer.isOlder(status.modified)
      for (name, inUpper) in Self.merged(upperNames, lowerNames) {
        let child = path.appending(name)
        let below = try there.status(of: name)
        isQuiet = wasQuiet
        if inUpper {
          try compare(child, name, in: here, below, in: there, depth: depth)
        } else if let below, isHidden(child, by: opaque) {
          try delete(child, below, depth: depth)
        }
      }
    } else {
      let nowhere = try lower.open(.root, [.path, .directory])
      for name in upperNames {
        isQuiet = true
        try compare(path.appending(name), name, in: here, nil, in: nowhere, depth: depth)
      }
    }
  }

  private func isHidden(_ path: RelativePath, by opaque: Bool) -> Bool {
    switch layer {
    case .overlay: opaque
    // What the copy never had appeared in the workspace meanwhile and is none of the run's affair.
    case .copy(let snapshot): snapshot.entries[path] != nil
    }
  }

  private static func merged(
    _ upper: [[UInt8]],
    _ lower: [[UInt8]]
  ) -> [(name: [UInt8], inUpper: Bool)] {
    if lower.isEmpty { return upper.map { ($0, true) } }
    let known = Set(upper)
    let all = upper.map { ($0, true) } + lower.filter { !known.contains($0) }.map { ($0, false) }
    return all.sorted { $0.0.lexicographicallyPrecedes($1.0) }
  }

  private mutating func compare(
    _ path: RelativePath,
    _ name: [UInt8],
    in here: borrowing OpenFile,
    _ below: FileStatus?,
    in there: borrowing OpenFile,
    depth: Int
  ) throws(WorkspaceError) {
    guard let status = try here.status(of: name) else { return }
    if status.isWhiteout {
      if let below { try delete(path, below, depth: depth) }
      return
    }
    if below == nil, status.kind == .file, name.starts(with: ChangeLayer.halfWrittenPrefix) {
      return
    }
    var change = Change(path: path, kind: below == nil ? .added : .modified)
    change.before = below
    change.after = status
    if let reason = refusal(of: path, status, below, depth: depth) {
      change.obstacle = .unsupported(reason)
      append(change)
      return
    }
    let marks = try Marks(of: name, in: here)
    if marks.isWhiteout, status.kind == .file, status.size == 0 {
      if let below { try delete(path, below, depth: depth) }
      return
    }
    change.notes = marks.notes(for: status, below)
    switch status.kind {
    case .directory:
      try compareDirectory(change, status, marks, below, in: here, depth: depth)
    case .file:
      try compareFile(change, status, marks, below, in: here, in: there, depth: depth)
    default:
      try compareLink(change, marks, below, in: here, in: there, depth: depth)
    }
  }

  private func refusal(
    of path: RelativePath,
    _ status: FileStatus,
    _ below: FileStatus?,
    depth: Int
  ) -> Change.Unsupported? {
    switch status.kind {
    case .characterDevice, .blockDevice: return .device
    case .fifo: return .fifo
    case .socket: return .socket
    case .file, .directory, .symbolicLink: break
    }
    if path.bytes.starts(with: ChangeLayer.reservedPrefix) { return .reserved }
    if path.bytes.count > Self.longestPath || depth > Self.deepest { return .tooDeep }
    if let below, below.mount != lowerRoot.mount || below.device != lowerRoot.device {
      return .otherFileSystem
    }
    return nil
  }

  // MARK: Directories

  private mutating func compareDirectory(
    _ initial: Change,
    _ status: FileStatus,
    _ marks: Marks,
    _ below: FileStatus?,
    in here: borrowing OpenFile,
    depth: Int
  ) throws(WorkspaceError) {
    var change = initial
    let path = change.path
    if let below, below.kind == .directory {
      if let changed = try directoryChange(path, status, below, marks, in: here) {
        append(changed)
      }
    } else {
      if below != nil { change.aspects = [.type] }
      change.obstacle = conflict(path, below, wasCopied: wasCopied(path, marks), as: .directory)
      append(change)
    }
    do throws(WorkspaceError) {
      try visit(
        path,
        besideLower: below?.kind == .directory,
        opaque: marks.isOpaque,
        depth: depth + 1
      )
    } catch {
      guard error.number == 13 else { throw error }
      change.obstacle = .unsupported(.unreadable)
      if changes.last?.path == path { changes[changes.count - 1] = change } else { append(change) }
    }
  }

  /// A directory on both sides differs by permissions and attributes only.
  private func directoryChange(
    _ path: RelativePath,
    _ status: FileStatus,
    _ below: FileStatus,
    _ marks: Marks,
    in here: borrowing OpenFile
  ) throws(WorkspaceError) -> Change? {
    var change = Change(path: path, kind: .modified)
    change.before = below
    change.after = status
    if status.permissions != below.permissions { change.aspects.insert(.permissions) }
    let lowerDirectory = try lower.open(path, [.path, .directory, .sameMount])
    let theirs = try ExtendedAttributes(of: [], in: lowerDirectory)
    if marks.attributes != theirs { change.aspects.insert(.attributes) }
    if change.aspects.isEmpty { return nil }
    change.notes = marks.notes(for: status, below)
    // A directory's ctime moves with its entries, and then its mtime moves too. Where only the
    // ctime moved, someone changed the directory itself.
    let isTouched = below.changed != below.modified && layer.isChangedMeanwhile(path, below)
    if isTouched, case .overlay = layer, !applied.isOurs(path, below) {
      change.obstacle = .conflict(.changed)
    }
    if case .copy(let snapshot) = layer, snapshot.entries[path]?.mode != below.mode {
      change.obstacle = .conflict(.changed)
    }
    return change
  }

  // MARK: Files and links

  private mutating func compareFile(
    _ initial: Change,
    _ status: FileStatus,
    _ marks: Marks,
    _ below: FileStatus?,
    in here: borrowing OpenFile,
    in there: borrowing OpenFile,
    depth: Int
  ) throws(WorkspaceError) {
    var change = initial
    let path = change.path
    if case .copy(let snapshot) = layer, let entry = snapshot.entries[path],
      entry.copy == status.identity
    {
      return
    }
    if applied.covers(path, status) {
      appliedBefore += 1
      return
    }
    let copied = wasCopied(path, marks)
    change.obstacle = conflict(path, below, wasCopied: copied, as: .file)
    guard let below, below.kind == .file else {
      if below != nil { change.aspects = [.type] }
      append(change)
      if change.obstacle == .conflict(.removed) { origins.suspect(changes.count - 1) }
      if let below, below.kind == .directory { try deleteEntries(path, depth: depth) }
      return
    }
    if status.permissions != below.permissions || !change.notes.isDisjoint(with: .special) {
      change.aspects.insert(.permissions)
    }
    let name = path.name
    do throws(WorkspaceError) {
      if try ExtendedAttributes(of: name, in: there) != marks.attributes {
        change.aspects.insert(.attributes)
      }
      if status.size != below.size {
        change.aspects.insert(.content)
      } else if try !FileContent.isEqual(name, here, there) {
        change.aspects.insert(.content)
      }
    } catch {
      guard error.number == 13 else { throw error }
      change.obstacle = .unsupported(.unreadable)
      change.aspects.insert(.content)
    }
    if change.aspects.isEmpty {
      origins.noteCounterpart(status)
      return
    }
    if change.aspects.contains(.content), below.links > 1 {
      change.notes.insert(.splitsHardLink)
    }
    origins.noteCounterpart(status)
    append(change)
  }

  private mutating func compareLink(
    _ initial: Change,
    _ marks: Marks,
    _ below: FileStatus?,
    in here: borrowing OpenFile,
    in there: borrowing OpenFile,
    depth: Int
  ) throws(WorkspaceError) {
    var change = initial
    let path = change.path
    change.obstacle = conflict(path, below, wasCopied: wasCopied(path, marks), as: .symbolicLink)
    if let below, below.kind == .symbolicLink {
      if try here.linkTarget(of: path.name) == there.linkTarget(of: path.name) { return }
      change.aspects = [.content]
    } else if below != nil {
      change.aspects = [.type]
    }
    append(change)
    if change.obstacle == .conflict(.removed) { origins.suspect(changes.count - 1) }
    if let below, below.kind == .directory { try deleteEntries(path, depth: depth) }
  }

  private func wasCopied(_ path: RelativePath, _ marks: Marks) -> Bool {
    switch layer {
    case .overlay: marks.isCopied
    case .copy(let snapshot): snapshot.entries[path] != nil
    }
  }

  private func conflict(
    _ path: RelativePath,
    _ below: FileStatus?,
    wasCopied: Bool,
    as kind: FileKind
  ) -> Change.Obstacle? {
    guard let below else { return wasCopied && !isQuiet ? .conflict(.removed) : nil }
    if applied.isOurs(path, below) { return nil }
    if layer.isChangedMeanwhile(path, below) {
      return .conflict(wasCopied ? .changed : .appeared)
    }
    if case .overlay = layer, wasCopied, below.kind != kind { return .conflict(.replaced) }
    return nil
  }

  // MARK: Deletions

  private mutating func delete(
    _ path: RelativePath,
    _ below: FileStatus,
    depth: Int
  ) throws(WorkspaceError) {
    var change = Change(path: path, kind: .deleted)
    change.before = below
    if below.mount != lowerRoot.mount || below.device != lowerRoot.device {
      change.obstacle = .unsupported(.otherFileSystem)
      append(change)
      return
    }
    if path.bytes.starts(with: ChangeLayer.reservedPrefix) { return }
    if !applied.isOurs(path, below), layer.isChangedMeanwhile(path, below) {
      change.obstacle = .conflict(.changed)
    }
    append(change)
    if below.kind == .directory { try deleteEntries(path, depth: depth) }
  }

  private mutating func deleteEntries(
    _ path: RelativePath,
    depth: Int
  ) throws(WorkspaceError) {
    let index = changes.count - 1
    guard path.bytes.count <= Self.longestPath, depth <= Self.deepest else {
      if index >= 0 { changes[index].obstacle = .unsupported(.tooDeep) }
      return
    }
    do throws(WorkspaceError) {
      let there = try lower.open(path, [.read, .directory, .sameMount])
      for name in try there.names() {
        if let below = try there.status(of: name) {
          try delete(path.appending(name), below, depth: depth + 1)
        }
      }
    } catch {
      guard error.number == 13, index >= 0 else { throw error }
      changes[index].obstacle = .unsupported(.unreadable)
    }
  }

  private mutating func append(_ change: Change) {
    if applied.covers(change.path, change.after) {
      appliedBefore += 1
    } else {
      changes.append(change)
    }
  }
}
