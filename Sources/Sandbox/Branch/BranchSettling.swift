internal import CLinux
internal import SystemPackage

/// Puts a work tree back that a killed checkout left between two commits.
///
/// Of each path in which they differ the work tree must hold what one of them has, or the beginning of
/// what the second one has: git writes a file in place. Anything else is somebody's edit, which stays.
struct BranchSettling {
  private let delivery: BranchDelivery
  private var repository: GitRepository { delivery.repository }

  init(_ delivery: BranchDelivery) { self.delivery = delivery }

  func run(from old: ObjectName, to new: ObjectName) throws {
    // The index is replaced last and as a whole.
    let index = try repository.run(["write-tree"], doing: "read the index").text.trimmedLine
    let trees = try [old, new].map {
      try repository.run(["rev-parse", "\($0)^{tree}"], doing: "read \($0.short)").text.trimmedLine
    }
    guard trees.contains(index) else {
      throw GitError.unfit(
        "the index of \(repository.root) was changed since a merge was interrupted; undo that with "
          + "git reset, and try again"
      )
    }
    // With the new index the files are new, too: the rest of the way leads from there.
    let (from, to) = index == trees[0] ? (old, new) : (new, old)
    let top = try openTree(FilePath(repository.root), as: "workspace")
    var stale: [RelativePath] = []
    for path in try delivery.difference(from, to) {
      guard let present = try Self.content(path, in: top) else {
        stale.append(path)
        continue
      }
      if present == (try blob(path, in: from)) { continue }
      guard let wanted = try blob(path, in: to), wanted.starts(with: present) else {
        throw GitError.unfit(
          "\(path.display) of \(repository.root) was edited since a merge was interrupted; move it "
            + "away, and try again"
        )
      }
      stale.append(path)
    }
    for path in stale {
      guard let parent = try? top.open(path.parent ?? .root, [.path, .directory]) else { continue }
      try? parent.unlink(path.name)
    }
    let kept = try stale.filter { try blob($0, in: from) != nil }
    if !kept.isEmpty {
      _ = try repository.run(
        ["checkout-index", "-f", "-u", "-z", "--stdin"],
        doing: "put back files of \(repository.root)",
        input: .bytes(kept.flatMap { $0.bytes + [0] })
      )
    }
    if index == trees[1] { try delivery.checkOut(from: new, to: old) }
  }

  private func blob(_ path: RelativePath, in commit: ObjectName) throws(GitError) -> [UInt8]? {
    let answer = try repository.run(
      ["cat-file", "blob", "\(commit):\(String(decoding: path.bytes, as: UTF8.self))"],
      doing: "read \(path.display)",
      accepting: [0, 128]
    )
    return answer.status == 0 ? answer.bytes : nil
  }

  private static func content(
    _ path: RelativePath,
    in top: borrowing OpenFile
  ) throws(WorkspaceError) -> [UInt8]? {
    guard let parent = try? top.open(path.parent ?? .root, [.read, .directory]),
      let status = try parent.status(of: path.name)
    else { return nil }
    switch status.kind {
    case .file: return try FileContent.read(path.name, in: parent)
    case .symbolicLink: return try parent.linkTarget(of: path.name)
    default: return nil
    }
  }
}
