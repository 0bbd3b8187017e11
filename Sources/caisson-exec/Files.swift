import CLinux
import ExecWire

/// Reads and writes files for whoever is outside. Whatever lies at a path, this waits for nobody: only
/// regular files and directories are opened.
struct Files {
  private static let mostLinks = 40
  private static let here = Int32(CL_AT_FDCWD)

  /// A directory to start from: the process's own is changed while a command is started.
  let workspace: Int32

  // MARK: - Looking

  func stat(_ path: [UInt8]) -> Answer {
    let path = path.isEmpty ? [0x2E] : path
    return Self.answer(path) { () throws(CallFailure) in
      let place = try open(path)
      defer { _ = cl_close(place) }
      return .status(try Self.status(place, []))
    }
  }

  func read(_ path: [UInt8], _ offset: UInt64, _ count: UInt32) -> Answer {
    let path = path.isEmpty ? [0x2E] : path
    return Self.answer(path) { () throws(CallFailure) in
      let place = try open(path)
      let kind = Result { () throws(CallFailure) in try Self.status(place, []).kind }
      _ = cl_close(place)
      switch try kind.get() {
      case .file, .directory: break
      case let other: return .failed(.notAFile(other))
      }
      let file = try CallFailure.check(
        cl_open(workspace, path.terminated, Int32(CL_O_NONBLOCK | CL_O_NOCTTY), 0)
      )
      defer { _ = cl_close(file) }
      // Another may lie there by now.
      let status = try Self.status(file, [])
      switch status.kind {
      case .file: return .content(status, bytes: try Self.content(file, offset, count))
      case .directory: return try Self.listing(file, status, most: Int(count))
      default: return .failed(.notAFile(status.kind))
      }
    }
  }

  private static func content(
    _ file: Int32,
    _ offset: UInt64,
    _ count: UInt32
  ) throws(CallFailure) -> [UInt8] {
    let most = min(Int(count), ExecWire.largestContent)
    guard offset <= UInt64(Int64.max), most > 0 else { return [] }
    // No more than there is now: a small file need not have room made for a large one.
    var rest = cl_fs_status()
    try CallFailure.check(cl_fs_status_at(file, "", &rest))
    let there = Int(clamping: rest.size) - min(Int(clamping: rest.size), Int(clamping: offset))
    // What /proc holds says that it is empty, and is not.
    let room = rest.size == 0 ? min(most, 1 << 20) : min(most, there)
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
      while filled < room {
        let read = cl_read_at(
          file,
          buffer.baseAddress.map { $0 + filled },
          room - filled,
          offset &+ UInt64(filled)
        )
        if read < 0 { failure = Int32(clamping: read) }
        guard read > 0 else { break }
        filled += read
      }
    }
    if bytes.isEmpty { try CallFailure.check(failure) }
    return bytes
  }

  private static func listing(
    _ directory: Int32,
    _ status: FileStatusInside,
    most: Int
  ) throws(CallFailure) -> Answer {
    let most = min(most, ExecWire.mostNames)
    var names: [ListedName] = []
    var room = ExecWire.largestContent
    let records = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 8)
    defer { records.deallocate() }
    while true {
      let count = cl_fs_entries(directory, records.baseAddress, records.count)
      try CallFailure.check(Int32(clamping: min(count, 0)))
      guard count > 0 else { break }
      // inode (8), offset (8), length of the record (2), type (1), name, NUL
      var place = 0
      while place + 19 <= count {
        let length = Int(records.loadUnaligned(fromByteOffset: place + 16, as: UInt16.self))
        guard length > 19, place + length <= count else { break }
        let name = Array(records[place + 19..<place + length].prefix { $0 != 0 })
        let kind = kind(ofEntry: records[place + 18])
        place += length
        if name == [0x2E] || name == [0x2E, 0x2E] { continue }
        guard names.count < most, room > name.count + 5 else {
          return .listing(status, names: names, isComplete: false)
        }
        room -= name.count + 5
        names.append(ListedName(kind: kind, name: name))
      }
    }
    names.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return .listing(status, names: names, isComplete: true)
  }

  // MARK: - Writing

  func write(_ request: WriteRequest) -> Answer {
    Self.answer(request.path) { () throws(CallFailure) in
      let path = try target(of: request.path)
      let cut = path.lastIndex(of: 0x2F)
      let name = cut.map { Array(path[($0 + 1)...]) } ?? path
      guard !name.isEmpty, name != [0x2E], name != [0x2E, 0x2E] else {
        return .failed(.system(21))  // EISDIR
      }
      let parent = try openParent(cut.map { Array(path[...$0]) } ?? [0x2E])
      defer { _ = cl_close(parent) }
      let before = try Self.existing(parent, name)
      if let before, before.kind != .file {
        return before.kind == .directory ? .failed(.system(21)) : .failed(.notAFile(before.kind))
      }
      guard request.expected.isMet(by: before?.token) else { return .failed(.changed) }
      let mode = (request.mode ?? before?.mode ?? 0o644) & 0o777
      let temporary = Array(".caisson-write-\(cl_random())-\(cl_random())".utf8)
      do throws(CallFailure) {
        try Self.fill(parent, temporary, request.bytes, mode)
        // Whoever wrote meanwhile is not overwritten unseen.
        guard request.expected.isMet(by: try Self.existing(parent, name)?.token) else {
          _ = cl_unlinkat(parent, temporary.terminated, 0)
          return .failed(.changed)
        }
        try CallFailure.check(
          cl_fs_rename(parent, temporary.terminated, parent, name.terminated)
        )
      } catch {
        _ = cl_unlinkat(parent, temporary.terminated, 0)
        throw error
      }
      return .written(try Self.status(parent, name).token)
    }
  }

  /// Makes a file with its content on the disk.
  private static func fill(
    _ parent: Int32,
    _ name: [UInt8],
    _ bytes: [UInt8],
    _ mode: UInt32
  ) throws(CallFailure) {
    let flags = Int32(CL_O_WRONLY | CL_O_CREAT | CL_O_EXCL | CL_O_NOFOLLOW)
    let file = try CallFailure.check(cl_open(parent, name.terminated, flags, 0o600))
    defer { _ = cl_close(file) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        cl_write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
      }
      guard count > 0 else { throw CallFailure(result: Int32(clamping: min(count, -5))) }
      done += count
    }
    try CallFailure.check(cl_chmodat(parent, name.terminated, mode))
    try CallFailure.check(cl_fs_sync(file))
  }

  /// Where a path leads in the end: a link stays, and what it leads to is written.
  private func target(of path: [UInt8]) throws(CallFailure) -> [UInt8] {
    var path = path
    for _ in 0..<Self.mostLinks {
      var text = [UInt8](repeating: 0, count: 4096)
      let count = cl_fs_read_link(workspace, path.terminated, &text, text.count)
      // EINVAL: no link. ENOENT: nothing there yet.
      guard count > 0 else { return path }
      let link = Array(text[..<count])
      if link.first == 0x2F {
        path = link
      } else {
        path = (path.lastIndex(of: 0x2F).map { Array(path[...$0]) } ?? []) + link
      }
    }
    throw CallFailure(result: -40)  // ELOOP
  }

  /// Opens a directory, and makes what is missing of it.
  private func openParent(_ path: [UInt8]) throws(CallFailure) -> Int32 {
    let flags = Int32(CL_O_PATH | CL_O_DIRECTORY)
    let first = cl_open(workspace, path.terminated, flags, 0)
    if first != -2 { return try CallFailure.check(first) }
    for index in path.indices where path[index] == 0x2F && index > 0 {
      let made = cl_mkdirat(workspace, Array(path[..<index]).terminated, 0o755)
      // EEXIST; EROFS is said of directories that are there, too.
      guard made == 0 || made == -17 || made == -30 else { throw CallFailure(result: made) }
    }
    return try CallFailure.check(cl_open(workspace, path.terminated, flags, 0))
  }

  // MARK: - Parts

  private func open(_ path: [UInt8]) throws(CallFailure) -> Int32 {
    try CallFailure.check(cl_open(workspace, path.terminated, Int32(CL_O_PATH), 0))
  }

  private static func existing(
    _ directory: Int32,
    _ name: [UInt8]
  ) throws(CallFailure) -> FileStatusInside? {
    do throws(CallFailure) {
      return try status(directory, name)
    } catch {
      if error.result == -2 { return nil }  // ENOENT
      throw error
    }
  }

  private static func status(
    _ directory: Int32,
    _ name: [UInt8]
  ) throws(CallFailure) -> FileStatusInside {
    var found = cl_fs_status()
    try CallFailure.check(cl_fs_status_at(directory, name.terminated, &found))
    let nanoseconds =
      found.modified_seconds &* 1_000_000_000 &+ Int64(found.modified_nanoseconds)
    return FileStatusInside(
      kind: kind(ofEntry: UInt8(truncatingIfNeeded: found.mode >> 12)),
      mode: found.mode & 0o7777,
      token: FileToken(
        size: found.size,
        modified: UInt64(bitPattern: nanoseconds),
        inode: found.inode
      )
    )
  }

  /// The kind that an entry of a directory names, in the bits in which a mode does.
  private static func kind(ofEntry type: UInt8) -> FileStatusInside.Kind {
    switch type & 15 {
    case 8: .file
    case 4: .directory
    case 10: .link
    case 1: .fifo
    case 12: .socket
    case 2: .characterDevice
    case 6: .blockDevice
    default: .unknown
    }
  }

  private static func answer(
    _ path: [UInt8],
    _ body: () throws(CallFailure) -> Answer
  ) -> Answer {
    guard !path.contains(0) else { return .failed(.malformed) }
    do throws(CallFailure) {
      return try body()
    } catch {
      return .failed(.system(-error.result))
    }
  }
}

extension ExpectedFile {
  fileprivate func isMet(by token: FileToken?) -> Bool {
    switch self {
    case .anything: true
    case .nothing: token == nil
    case .unchanged(let expected): token == expected
    }
  }
}
