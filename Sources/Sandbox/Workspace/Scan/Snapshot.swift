/// How a private copy, and the workspace beneath it, looked when the run began.
struct Snapshot: Sendable {
  struct Entry: Sendable {
    var kind: FileKind
    var mode: UInt32
    /// In the copy.
    var copy: FileIdentity
    /// In the workspace.
    var lower: FileIdentity
  }

  var entries: [RelativePath: Entry] = [:]

  private static let magic = Array("caisson snapshot 1".utf8)

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.bytes(Self.magic)
    writer.integer(UInt64(entries.count))
    for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
      writer.bytes(path.bytes)
      writer.byte(entry.kind.rawValue)
      writer.integer(entry.mode)
      writer.identity(entry.copy)
      writer.identity(entry.lower)
    }
    return writer.buffer
  }

  init() {}

  init(encoded bytes: [UInt8]) throws(ByteReader.Damaged) {
    var reader = ByteReader(bytes)
    guard try reader.bytes() == Self.magic else {
      throw ByteReader.Damaged(what: "it is no snapshot of this version")
    }
    for _ in 0..<(try reader.integer(UInt64.self)) {
      let path = try reader.path()
      guard let kind = FileKind(rawValue: try reader.byte()) else {
        throw ByteReader.Damaged(what: "an unknown kind of file")
      }
      entries[path] = Entry(
        kind: kind,
        mode: try reader.integer(UInt32.self),
        copy: try reader.identity(),
        lower: try reader.identity()
      )
    }
  }
}
