package import SystemPackage

/// Shows single changes of a run: the lines of text that differ, and everything else that does.
package final class ChangeDiff {
  private let upper: OpenFile
  private let lower: OpenFile

  package init(_ record: WorkspaceRecord) throws(WorkspaceError) {
    upper = try openTree(record.changes, as: "run's layer")
    lower = try openTree(record.lower, as: "workspace")
  }

  /// Compares two trees that hold what changed, as a branch's are written out.
  package init(before: FilePath, after: FilePath) throws(WorkspaceError) {
    upper = try openTree(after, as: "branch's files")
    lower = try openTree(before, as: "branch's former files")
  }

  /// How many lines a change adds and removes.
  package func counts(of change: Change) throws -> LineCounts {
    guard let (old, new) = try sources(change) else { return LineCounts() }
    guard try old.isText(), try new.isText() else { return LineCounts(isBinary: true) }
    return try UnifiedDiff(old, new).counts()
  }

  /// Gives a change line by line, as git would show it where git can.
  package func write(_ change: Change, _ sink: (DiffLine) throws -> Void) throws {
    for line in headers(of: change) { try sink(DiffLine(.header, line)) }
    for note in change.remarks { try sink(DiffLine(.note, "! " + note)) }
    guard let (old, new) = try sources(change) else { return }
    if old.size == 0, new.size == 0 { return }
    let (before, after) = (
      Self.side("a", change.path, change.before), Self.side("b", change.path, change.after)
    )
    guard try old.isText(), try new.isText() else {
      if try TextSource.commonPrefix(old, new) == max(old.size, new.size) { return }
      let sizes = "\(Self.size(old.size)) → \(Self.size(new.size))"
      try sink(DiffLine(.header, "Binary files \(before) and \(after) differ, \(sizes)"))
      return
    }
    var isFirst = true
    try UnifiedDiff(old, new).write { line in
      if isFirst {
        isFirst = false
        try sink(DiffLine(.header, "--- \(before)"))
        try sink(DiffLine(.header, "+++ \(after)"))
      }
      try sink(line)
    }
  }

  /// Both sides of a change whole, an absent one empty; nil where either is no text, is longer, or where
  /// neither has content.
  package func texts(
    of change: Change,
    atMost length: Int
  ) throws(WorkspaceError) -> (old: String, new: String)? {
    guard let (old, new) = try sources(change), old.size <= length, new.size <= length,
      try old.isText(), try new.isText(),
      let before = String(validating: try old.read(0..<old.size), as: UTF8.self),
      let after = String(validating: try new.read(0..<new.size), as: UTF8.self)
    else { return nil }
    return (before, after)
  }

  /// Which path it is, what lay and lies there, and its permissions, as git would show them.
  package func headers(of change: Change) -> [String] {
    let path = change.path
    var lines = ["diff \(Self.name("a", path)) \(Self.name("b", path))"]
    switch (change.before, change.after) {
    case (nil, .some(let after)):
      lines.append("new \(after.kind.word) mode \(Self.mode(after))")
    case (.some(let before), nil):
      lines.append("deleted \(before.kind.word) mode \(Self.mode(before))")
    case (.some(let before), .some(let after)) where before.kind != after.kind:
      lines.append("old \(before.kind.word) mode \(Self.mode(before))")
      lines.append("new \(after.kind.word) mode \(Self.mode(after))")
    case (.some(let before), .some(let after)) where change.aspects.contains(.permissions):
      lines.append("old mode \(Self.mode(before))")
      lines.append("new mode \(Self.mode(after))")
    default:
      break
    }
    if change.aspects.contains(.attributes) { lines.append("extended attributes differ") }
    return lines
  }

  /// Both sides as far as they have content; nil where neither has any.
  private func sources(_ change: Change) throws(WorkspaceError) -> (TextSource, TextSource)? {
    if case .unsupported = change.obstacle { return nil }
    let hasContent = { (status: FileStatus?) in
      status?.kind == .file || status?.kind == .symbolicLink
    }
    guard hasContent(change.before) || hasContent(change.after) else { return nil }
    if change.kind == .modified, change.aspects.isDisjoint(with: [.content, .type]) { return nil }
    return (
      try Self.source(change.path, change.before, in: lower),
      try Self.source(change.path, change.after, in: upper)
    )
  }

  private static func source(
    _ path: RelativePath,
    _ status: FileStatus?,
    in tree: borrowing OpenFile
  ) throws(WorkspaceError) -> TextSource {
    switch status?.kind {
    case .file:
      return try TextSource(tree.open(path, .read), size: status?.size ?? 0, path.bytes)
    case .symbolicLink:
      let parent = try tree.open(path.parent ?? .root, [.path, .directory])
      return TextSource(literal: try parent.linkTarget(of: path.name))
    default:
      return TextSource(literal: [])
    }
  }

  private static func side(_ prefix: String, _ path: RelativePath, _ status: FileStatus?) -> String
  {
    status == nil || status?.kind == .directory ? "/dev/null" : name(prefix, path)
  }

  private static func name(_ prefix: String, _ path: RelativePath) -> String {
    PrintableText.quotedName(Array(prefix.utf8) + [UInt8(ascii: "/")] + path.bytes)
  }

  private static func mode(_ status: FileStatus) -> String {
    // A link's own permissions mean nothing.
    if status.kind == .symbolicLink { return "120000" }
    let type =
      switch status.kind {
      case .file: "100"
      case .directory: "040"
      default: "000"
      }
    let permissions = String(status.permissions, radix: 8)
    return type + String(repeating: "0", count: 3 - permissions.count) + permissions
  }

  /// A size as a person reads it.
  package static func size(_ bytes: Int) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"]
    if bytes < 1024 { return "\(bytes) B" }
    var value = Double(bytes) / 1024
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return value < 10 && tenths % 10 != 0
      ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\((tenths + 5) / 10) \(units[unit])"
  }
}

extension Change {
  /// What Caisson has to say about it, one sentence each.
  package var remarks: [String] {
    var remarks: [String] = []
    switch obstacle {
    case .conflict(let conflict): remarks.append("conflict: " + conflict.rawValue)
    case .unsupported(let reason): remarks.append("not applied: " + reason.rawValue)
    case nil: break
    }
    let words: [(Notes, String)] = [
      (.setuid, "setuid is not carried"), (.setgid, "setgid is not carried"),
      (.sticky, "the sticky bit is not carried"),
      (.capabilities, "file capabilities are not carried"),
      (
        .splitsHardLink,
        "the file in the workspace has other hard links, which keep the old content"
      ),
    ]
    for (note, text) in words where notes.contains(note) { remarks.append(text) }
    return remarks
  }
}
