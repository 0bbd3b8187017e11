internal import SystemPackage

/// Both sides of what a branch changes, written out as files: then a branch is compared and shown as
/// an overlay's changes are.
struct BranchView {
  let intake: BranchIntake

  var before: String { "\(intake.directory)/before" }
  var after: String { "\(intake.directory)/after" }

  private static let submodule: UInt32 = 0o160000
  private static let mostBytes: UInt64 = 256 << 20
  private static let mostBytesInAll: UInt64 = 4 << 30

  /// Writes both sides of the entries, and gives the changes that they are.
  func write(_ entries: [RawDifference]) throws -> [Change] {
    for (name, side) in [("before", \RawDifference.before), ("after", \RawDifference.after)] {
      try BranchWorkspace.makeDirectory("\(intake.directory)/\(name)")
      try write(entries.map { ($0.path, $0[keyPath: side]) }, as: name)
    }
    let old = Directory(try openTree(FilePath(before), as: "branch's former files"))
    let new = Directory(try openTree(FilePath(after), as: "branch's files"))
    var olds = DirectoryCursor(root: old)
    var news = DirectoryCursor(root: new)
    var changes: [Change] = []
    for entry in entries {
      var change = Change(path: entry.path, kind: .modified)
      change.before = try status(entry.path, entry.modes.before, &olds)
      change.after = try status(entry.path, entry.modes.after, &news)
      if change.before == nil { change.kind = .added }
      if change.after == nil { change.kind = .deleted }
      if entry.names.before != entry.names.after { change.aspects.insert(.content) }
      if change.before?.kind != change.after?.kind { change.aspects.insert(.type) }
      if change.before?.permissions != change.after?.permissions {
        change.aspects.insert(.permissions)
      }
      if change.kind != .modified { change.aspects = [] }
      changes.append(change)
    }
    return changes
  }

  private func status(
    _ path: RelativePath,
    _ mode: UInt32,
    _ cursor: inout DirectoryCursor
  ) throws(WorkspaceError) -> FileStatus? {
    guard mode != 0, var status = try cursor.status(of: path) else { return nil }
    // The files here were made under the caller's umask.
    status.mode = mode == 0o100755 ? 0o755 : mode == 0o120000 ? 0o777 : 0o644
    return status
  }

  private func write(
    _ side: [(path: RelativePath, content: (mode: UInt32, name: ObjectName))],
    as name: String
  ) throws {
    let place = "\(intake.directory)/\(name)"
    let variables = ["GIT_INDEX_FILE": "\(intake.directory)/\(name)-index"]
    var lines: [UInt8] = []
    let large = try self.large(
      side.map(\.content).filter { $0.mode & 0o170000 == 0o100000 }.map(\.name)
    )
    for (path, content) in side
    where content.mode != 0 && content.mode != Self.submodule && large[content.name] == nil {
      lines += Array("\(String(content.mode, radix: 8)) \(content.name)\t".utf8) + path.bytes + [0]
    }
    if !lines.isEmpty {
      _ = try intake.run(
        ["update-index", "-z", "--index-info"],
        doing: "list what \(intake.record.branch) changes",
        variables: variables,
        input: .bytes(lines)
      )
      _ = try intake.git.run(
        [
          "-C", place, "--git-dir=\(intake.directory)", "--work-tree=\(place)",
          "-c", "core.bare=false", "checkout-index", "-a", "-q",
        ],
        doing: "write out what \(intake.record.branch) changes",
        variables: variables
      )
    }
    let top = try openTree(FilePath(place), as: "branch's files")
    for (path, content) in side {
      // A submodule is shown as git shows it.
      if content.mode == Self.submodule {
        try write("Subproject commit \(content.name)\n", at: path, in: top)
      } else if let size = large[content.name], content.mode != 0 {
        try write("\(size) bytes as \(content.name), too large to be shown\n", at: path, in: top)
      }
    }
  }

  /// What is too large to be written out once more: a file full of zeros takes no room in git.
  private func large(_ names: [ObjectName]) throws(GitError) -> [ObjectName: UInt64] {
    let wanted = Set(names).filter { !$0.isZero }
    if wanted.isEmpty { return [:] }
    let answer = try intake.run(
      ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
      doing: "measure what \(intake.record.branch) changes",
      input: .bytes(wanted.flatMap { Array("\($0)\n".utf8) })
    )
    var large: [ObjectName: UInt64] = [:]
    var total: UInt64 = 0
    for line in answer.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let name = ObjectName(words[0]), let size = UInt64(words[1]) else {
        continue
      }
      if size > Self.mostBytes || total > Self.mostBytesInAll {
        large[name] = size
      } else {
        total += size
      }
    }
    return large
  }

  private func write(
    _ text: String,
    at path: RelativePath,
    in top: borrowing OpenFile
  ) throws(WorkspaceError) {
    var above = RelativePath.root
    for component in (path.parent ?? .root).bytes.split(separator: UInt8(ascii: "/")) {
      let holder = try top.open(above, [.path, .directory])
      if try holder.status(of: Array(component)) == nil {
        try holder.makeDirectory(Array(component))
      }
      above = above.appending(Array(component))
    }
    let file = try top.open(path, .create)
    try FileContent.write(Array(text.utf8), to: file, path.name)
  }
}

extension RawDifference {
  fileprivate var before: (mode: UInt32, name: ObjectName) { (modes.before, names.before) }
  fileprivate var after: (mode: UInt32, name: ObjectName) { (modes.after, names.after) }
}
