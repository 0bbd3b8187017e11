import Glibc

/// The folder of sidecars, and how one comes into it: built under another name, brought to disk, then
/// renamed.
struct SidecarFolder {
  let path: String

  /// Creates the folder where it is missing. One that others may write is refused: what lies there is
  /// trusted.
  init(_ path: String) throws(SidecarError) {
    self.path = path
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      if mkdir(String(path[..<end]), 0o700) != 0, errno != EEXIST {
        throw .system(call: "create", path: String(path[..<end]), code: errno)
      }
    }
    var facts = stat()
    guard stat(path, &facts) == 0 else { throw .system(call: "read", path: path, code: errno) }
    guard facts.st_mode & S_IFMT == S_IFDIR else {
      throw .folder(path, reason: "it is no folder")
    }
    guard facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else {
      throw .folder(path, reason: "others may write there; make it yours alone (chmod 700)")
    }
  }

  /// Writes a sidecar under its name. Returns as well where another process has done so meanwhile.
  func build(
    _ name: String,
    layout: SidecarLayout,
    parts: [SidecarPart],
    progress: (Sidecar.Progress) -> Bool
  ) throws(SidecarError) {
    let final = "\(path)/\(name)"
    let draft = final + ".part"
    guard let descriptor = try lock(draft, unless: { Sidecar.open(final, layout) != nil }) else {
      return
    }
    defer { close(descriptor) }
    do throws(SidecarError) {
      try write(descriptor, draft, layout, parts, progress)
      guard rename(draft, final) == 0 else {
        throw SidecarError.system(call: "rename", path: draft, code: errno)
      }
    } catch {
      unlink(draft)
      throw error
    }
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  /// The draft, empty, locked for this process until it is closed; nil where `isDone` is true once the
  /// lock is held. What a process that was killed left behind is taken over.
  private func lock(_ draft: String, unless isDone: () -> Bool) throws(SidecarError) -> Int32? {
    while true {
      let descriptor = open(draft, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
      guard descriptor >= 0 else { throw .system(call: "create", path: draft, code: errno) }
      while flock(descriptor, LOCK_EX) != 0 {
        guard errno == EINTR else {
          let code = errno
          close(descriptor)
          throw .system(call: "lock", path: draft, code: code)
        }
      }
      if isDone() {
        // Another built it while this one waited; the draft is a new and empty one, or gone.
        if isSame(descriptor, draft) { unlink(draft) }
        close(descriptor)
        return nil
      }
      if isSame(descriptor, draft) {
        guard ftruncate(descriptor, 0) == 0 else {
          let code = errno
          close(descriptor)
          throw .system(call: "write", path: draft, code: code)
        }
        return descriptor
      }
      close(descriptor)
    }
  }

  /// Whether the name still means the file that is open.
  private func isSame(_ descriptor: Int32, _ path: String) -> Bool {
    var here = stat()
    var there = stat()
    return fstat(descriptor, &here) == 0 && lstat(path, &there) == 0 && here.st_ino == there.st_ino
      && here.st_dev == there.st_dev
  }

  private func write(
    _ descriptor: Int32,
    _ draft: String,
    _ layout: SidecarLayout,
    _ parts: [SidecarPart],
    _ progress: (Sidecar.Progress) -> Bool
  ) throws(SidecarError) {
    // Asked for beforehand, so that a full disk is told at once.
    if Self.isFull(posix_fallocate(descriptor, 0, off_t(layout.size))) {
      throw .full(path: path, bytes: layout.size)
    }
    let total = parts.reduce(0) { $0 + $1.tensor.bytes.count }
    var done = 0
    var digests: [Digest] = []
    for (part, place) in zip(parts, layout.places) {
      let bytes = part.tensor.bytes
      let step = min(part.rowsAtOnce * part.rowSize, bytes.count)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: step, alignment: 64)
      defer { buffer.deallocate() }
      var digest = Digest()
      for offset in part.steps {
        guard let rows = bytes.baseAddress, let packed = buffer.baseAddress else { break }
        let size = min(step, bytes.count - offset)
        part.pack(rows + offset, packed, size / part.rowSize, part.tensor.rowLength)
        let written = UnsafeRawBufferPointer(start: packed, count: size)
        try put(written, descriptor, place.lowerBound + offset, layout)
        digest.add(written)
        done += size
        guard progress(Sidecar.Progress(done: done, total: total)) else { throw .cancelled }
      }
      digests.append(digest)
      // The model's own pages of this tensor are not read again.
      part.tensor.release()
    }
    // The end is written even where nothing lies there, and the head comes last.
    guard ftruncate(descriptor, off_t(layout.size)) == 0 else {
      throw .system(call: "write", path: draft, code: errno)
    }
    let head = layout.head(with: digests)
    let written = head.withUnsafeBytes { bytes in
      Result { () throws(SidecarError) in try put(bytes, descriptor, 0, layout) }
    }
    try written.get()
    guard fsync(descriptor) == 0 else {
      if Self.isFull(errno) { throw .full(path: path, bytes: layout.size) }
      throw .system(call: "write", path: draft, code: errno)
    }
  }

  private func put(
    _ bytes: UnsafeRawBufferPointer,
    _ descriptor: Int32,
    _ offset: Int,
    _ layout: SidecarLayout
  ) throws(SidecarError) {
    var done = 0
    while done < bytes.count, let start = bytes.baseAddress {
      let count = pwrite(descriptor, start + done, bytes.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count < 0, errno == EINTR {
        continue
      } else {
        let code = count == 0 ? ENOSPC : errno
        if Self.isFull(code) { throw .full(path: path, bytes: layout.size) }
        throw .system(call: "write", path: path, code: code)
      }
    }
  }

  private static func isFull(_ code: Int32) -> Bool {
    code == ENOSPC || code == EDQUOT || code == EFBIG
  }
}
