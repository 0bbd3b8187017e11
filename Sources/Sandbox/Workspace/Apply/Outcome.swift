/// How the paths of an apply or an undo looked directly afterwards.
struct Outcome: Sendable {
  /// nil stands for a path that is gone.
  var entries: [RelativePath: FileIdentity?] = [:]
  var directories: [RelativePath: AppliedState.DirectoryMark] = [:]

  private static let magic = Array("caisson outcome 1".utf8)

  init() {}

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.bytes(Self.magic)
    writer.integer(UInt32(entries.count))
    for (path, identity) in entries {
      writer.bytes(path.bytes)
      writer.byte(identity == nil ? 0 : 1)
      if let identity { writer.identity(identity) }
    }
    writer.integer(UInt32(directories.count))
    for (path, mark) in directories {
      writer.bytes(path.bytes)
      writer.integer(mark.inode)
      writer.timestamp(mark.modified)
    }
    return writer.buffer
  }

  init(encoded bytes: [UInt8]) throws(ByteReader.Damaged) {
    var reader = ByteReader(bytes)
    guard try reader.bytes() == Self.magic else {
      throw ByteReader.Damaged(what: "it is no outcome of this version")
    }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let path = try reader.path()
      entries[path] = .some(try reader.byte() == 0 ? nil : try reader.identity())
    }
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let path = try reader.path()
      directories[path] = AppliedState.DirectoryMark(
        inode: try reader.integer(UInt64.self),
        modified: try reader.timestamp()
      )
    }
  }
}
