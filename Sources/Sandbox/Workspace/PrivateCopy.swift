internal import CLinux
package import SystemPackage

/// The workspace of a run on a machine that refuses an overlay: a copy of its own, and a snapshot
/// to compare it with afterwards.
package enum PrivateCopy {
  static let snapshotName = Array("snapshot".utf8)

  /// Makes `copy/` and `snapshot` in the run's directory. Blocks are shared where the file system
  /// can do so. Sockets, pipes, devices and other mounts are left out.
  ///
  /// - Parameter limit: The most bytes that the copy may hold.
  package static func make(
    of lower: FilePath,
    in layer: FilePath,
    limit: UInt64?
  ) throws(WorkspaceError) {
    let source = Directory(try openTree(lower, as: "workspace"))
    let run = try openTree(layer, as: "run's directory")
    try run.makeDirectory(Array("copy".utf8))
    let target = Directory(try run.open(name: Array("copy".utf8), [.read, .directory]))
    var walk = Walk(source: source, target: target, limit: limit)
    try walk.visit(.root)
    try walk.copy.finish()
    let root = try source.file.status()
    try target.file.setMode(root.mode & 0o777 | 0o700)
    var snapshot = Snapshot()
    var copies = DirectoryCursor(root: target)
    for (path, below) in walk.entries {
      guard let above = try copies.status(of: path) else { continue }
      snapshot.entries[path] = Snapshot.Entry(
        kind: above.kind,
        mode: below.mode,
        copy: above.identity,
        lower: below.identity
      )
    }
    try StateFile.write(snapshot.encoded, snapshotName, in: run)
  }

  private struct Walk {
    let source: Directory
    let mount: FileStatus?
    var copy: TreeCopy
    var limit: UInt64?
    var used: UInt64 = 0
    var entries: [(path: RelativePath, status: FileStatus)] = []

    init(source: Directory, target: Directory, limit: UInt64?) {
      self.source = source
      self.limit = limit
      mount = try? source.file.status()
      copy = TreeCopy(.everything, from: source, to: target, staged: false)
    }

    mutating func visit(_ path: RelativePath) throws(WorkspaceError) {
      let directory = try source.file.open(path, [.read, .directory, .sameMount])
      for name in try directory.names() {
        let child = path.appending(name)
        guard let status = try directory.status(of: name), status.mount == mount?.mount,
          !child.bytes.starts(with: ChangeLayer.reservedPrefix)
        else { continue }
        switch status.kind {
        case .characterDevice, .blockDevice, .fifo, .socket: continue
        case .file, .directory, .symbolicLink: break
        }
        used += status.size
        if let limit, used > limit { throw .tooLarge(limit: limit) }
        try copy.copy(child, to: child, mode: status.mode & 0o777, expecting: status)
        entries.append((child, status))
        if status.kind == .directory { try visit(child) }
      }
    }
  }
}
