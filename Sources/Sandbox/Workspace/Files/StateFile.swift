/// Caisson's own small files: written whole, to disk, and in one step.
enum StateFile {
  /// Writes bytes with their checksum under a name: after a crash the file is the old or the new.
  static func write(
    _ bytes: [UInt8],
    _ name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) {
    let temporary = name + Array(".new".utf8)
    do throws(WorkspaceError) {
      let file = try directory.open(name: temporary, .replace)
      var writer = ByteWriter()
      writer.integer(checksum(bytes))
      try FileContent.write(writer.buffer, to: file, name)
      try FileContent.write(bytes, to: file, name)
      try file.sync()
    } catch {
      // Its space may be what is missing.
      try? directory.unlink(temporary)
      throw error
    }
    try directory.rename(temporary, to: directory, as: name, .replacing)
    try directory.sync()
  }

  /// Reads such a file; nil where there is none.
  static func read(
    _ name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) -> [UInt8]? {
    guard let bytes = try FileContent.read(name, in: directory) else { return nil }
    var reader = ByteReader(Array(bytes.prefix(8)))
    let content = Array(bytes.dropFirst(8))
    guard let sum = try? reader.integer(UInt64.self), sum == checksum(content) else {
      throw .corrupt(file: String(decoding: name, as: UTF8.self), what: "its checksum differs")
    }
    return content
  }

  static func remove(
    _ name: [UInt8],
    in directory: borrowing OpenFile
  ) throws(WorkspaceError) {
    if try directory.status(of: name) != nil { try directory.unlink(name) }
  }
}
