internal import SystemPackage

/// Finds repositories within a run's work tree: git commits only which commit each is at, not what
/// they hold.
enum NestedRepositories {
  private static let most = 256
  private static let deepest = 200

  /// Their paths, and those of submodules into which something was written.
  static func find(in workspace: BranchWorkspace) throws(WorkspaceError) -> [String] {
    let top = try openTree(FilePath(workspace.tree), as: "run's work tree")
    let submodules = Set(workspace.record.submodules)
    var found: [String] = []
    var pending: [(path: RelativePath, depth: Int)] = [(.root, 0)]
    while let (path, depth) = pending.popLast(), found.count < most {
      // What cannot be opened git cannot read either, and says so.
      guard let directory = try? top.open(path, [.read, .directory, .sameMount]),
        let names = try? directory.names()
      else { continue }
      let text = String(decoding: path.bytes, as: UTF8.self)
      let isSubmodule = submodules.contains(text)
      if !path.isRoot, names.contains(Array(".git".utf8)) || (isSubmodule && !names.isEmpty) {
        found.append(text)
        continue
      }
      if isSubmodule || depth >= deepest { continue }
      for name in names where !(path.isRoot && name == Array(".git".utf8)) {
        guard let status = try? directory.status(of: name), status.kind == .directory else {
          continue
        }
        pending.append((path.appending(name), depth + 1))
      }
    }
    return found.sorted()
  }
}
