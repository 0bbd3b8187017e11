internal import SystemPackage

/// Looks through a run's work tree for what git could not deal with.
struct TreeCensus {
  /// Repositories within it, and submodules into which something was written: git commits only which
  /// commit each is at, not what it holds.
  private(set) var nested: [RelativePath] = []
  /// Pipes and sockets in the place of files that git reads: it would wait for them.
  private(set) var pipes: [RelativePath] = []

  private static let most = 256
  private static let deepest = 200
  private static let repository = Array(".git".utf8)
  /// Files that git reads wherever they lie.
  private static let rules: Set = [Array(".gitignore".utf8), Array(".gitattributes".utf8)]

  private struct Place {
    var path: RelativePath
    var depth: Int
    /// Whether git reads everything here.
    var isRepository = false
    var isNested = false
  }

  init(of workspace: BranchWorkspace) throws(WorkspaceError) {
    let top = try openTree(FilePath(workspace.tree), as: "run's work tree")
    let submodules = Set(workspace.record.submodules.compactMap { RelativePath($0) })
    var pending = [Place(path: .root, depth: 0)]
    while var place = pending.popLast() {
      // What cannot be opened git cannot read either, and says so.
      guard let directory = try? top.open(place.path, [.read, .directory, .sameMount]),
        let names = try? directory.names()
      else { continue }
      if !place.isNested, !place.isRepository, !place.path.isRoot,
        names.contains(Self.repository) || (submodules.contains(place.path) && !names.isEmpty)
      {
        place.isNested = true
        if nested.count < Self.most { nested.append(place.path) }
      }
      for name in names {
        guard let status = try? directory.status(of: name) else { continue }
        var child = place
        child.path = place.path.appending(name)
        child.depth += 1
        child.isRepository = place.isRepository || name == Self.repository
        switch status.kind {
        case .directory where child.depth < Self.deepest: pending.append(child)
        case .fifo, .socket:
          if child.isRepository || Self.rules.contains(name) { pipes.append(child.path) }
        default: break
        }
      }
    }
    nested.sort()
  }

  /// Removes the pipes: there is no byte in them.
  func removePipes(of workspace: BranchWorkspace) throws(WorkspaceError) {
    if pipes.isEmpty { return }
    let top = try openTree(FilePath(workspace.tree), as: "run's work tree")
    for path in pipes {
      guard let parent = try? top.open(path.parent ?? .root, [.path, .directory]) else { continue }
      try? parent.unlink(path.name)
    }
  }
}
