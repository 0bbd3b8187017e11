internal import CLinux

/// Reading, comparing and copying what files hold, in bounded memory.
enum FileContent {
  static let chunk = 1 << 18

  /// Whether two files of the same name and size hold the same bytes.
  static func isEqual(
    _ name: [UInt8],
    _ left: borrowing OpenFile,
    _ right: borrowing OpenFile
  ) throws(WorkspaceError) -> Bool {
    let a = try left.open(name: name, .read)
    let b = try right.open(name: name, .read)
    let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * chunk, alignment: 64)
    defer { buffers.deallocate() }
    let first = UnsafeMutableRawBufferPointer(rebasing: buffers[..<chunk])
    let second = UnsafeMutableRawBufferPointer(rebasing: buffers[chunk...])
    while true {
      let count = try fill(first, from: a, name)
      guard try fill(second, from: b, name) == count else { return false }
      if count == 0 { return true }
      guard cl_fs_equal(first.baseAddress, second.baseAddress, count) != 0 else { return false }
      if count < chunk { return true }
    }
  }

  /// Reads until the buffer is full or the file ends.
  static func fill(
    _ buffer: UnsafeMutableRawBufferPointer,
    from file: borrowing OpenFile,
    _ name: [UInt8]
  ) throws(WorkspaceError) -> Int {
    var total = 0
    while total < buffer.count {
      let count = cl_fs_read(
        file.descriptor,
        buffer.baseAddress?.advanced(by: total),
        buffer.count - total
      )
      if count < 0 { throw .call("read", PrintableText.quotedName(name), Int32(count)) }
      if count == 0 { break }
      total += count
    }
    return total
  }

  /// The whole of a file that is known to be small; the state files are.
  static func read(_ name: [UInt8], in directory: borrowing OpenFile) throws(WorkspaceError)
    -> [UInt8]?
  {
    guard let status = try directory.status(of: name) else { return nil }
    let file = try directory.open(name: name, .read)
    let size = Int(clamping: status.size)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
    defer { buffer.deallocate() }
    let count = try fill(buffer, from: file, name)
    return Array(buffer[..<count])
  }

  static func write(
    _ bytes: [UInt8],
    to file: borrowing OpenFile,
    _ name: [UInt8]
  ) throws(WorkspaceError) {
    let descriptor = file.descriptor
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        cl_fs_write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0 { throw .call("write", PrintableText.quotedName(name), Int32(count)) }
      written += count
    }
  }

  static func write(
    _ bytes: UnsafeRawBufferPointer,
    to file: borrowing OpenFile,
    _ name: [UInt8]
  ) throws(WorkspaceError) {
    var written = 0
    while written < bytes.count {
      let count = cl_fs_write(
        file.descriptor,
        bytes.baseAddress?.advanced(by: written),
        bytes.count - written
      )
      if count < 0 { throw .call("write", PrintableText.quotedName(name), Int32(count)) }
      written += count
    }
  }

  /// Copies a whole file: shares its blocks where the file system can, keeps its holes, and lets
  /// the kernel move the bytes otherwise.
  static func copy(
    from source: borrowing OpenFile,
    to target: borrowing OpenFile,
    size: UInt64,
    _ name: [UInt8]
  ) throws(WorkspaceError) {
    if size == 0 { return }
    if size <= UInt64(chunk) {
      // The calls that spare a copy cost more than a small one.
      try copyByHand(from: source, to: target, 0..<size, name)
      return
    }
    if cl_fs_clone(target.descriptor, source.descriptor) == 0 { return }
    let result = cl_fs_truncate(target.descriptor, size)
    if result < 0 { throw .call("write", PrintableText.quotedName(name), result) }
    var offset: Int64 = 0
    while offset < Int64(clamping: size) {
      let start = cl_fs_seek_data(source.descriptor, offset)
      if start == -6 { return }
      if start < 0 {
        // No holes to find on this file system.
        try copyRange(from: source, to: target, UInt64(offset)..<size, name)
        return
      }
      let hole = cl_fs_seek_hole(source.descriptor, start)
      let end = hole < 0 ? size : UInt64(hole)
      try copyRange(from: source, to: target, UInt64(start)..<min(end, size), name)
      offset = Int64(clamping: end)
    }
  }

  private static func copyRange(
    from source: borrowing OpenFile,
    to target: borrowing OpenFile,
    _ range: Range<UInt64>,
    _ name: [UInt8]
  ) throws(WorkspaceError) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = cl_fs_copy_range(
        source.descriptor,
        target.descriptor,
        offset,
        Int(clamping: min(range.upperBound - offset, 1 << 27))
      )
      if count > 0 {
        offset += UInt64(count)
        continue
      }
      // Other file systems, old kernels: EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, or nothing copied.
      guard [0, -18, -22, -95, -38].contains(count) else {
        throw .call("write", PrintableText.quotedName(name), Int32(count))
      }
      try copyByHand(from: source, to: target, offset..<range.upperBound, name)
      return
    }
  }

  private static func copyByHand(
    from source: borrowing OpenFile,
    to target: borrowing OpenFile,
    _ range: Range<UInt64>,
    _ name: [UInt8]
  ) throws(WorkspaceError) {
    let capacity = Int(clamping: min(range.upperBound - range.lowerBound, 1 << 20))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 64)
    defer { buffer.deallocate() }
    _ = cl_fs_seek(target.descriptor, Int64(clamping: range.lowerBound))
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = Int(clamping: min(range.upperBound - offset, UInt64(buffer.count)))
      let count = cl_fs_read_at(source.descriptor, buffer.baseAddress, wanted, offset)
      if count < 0 { throw .call("read", PrintableText.quotedName(name), Int32(count)) }
      if count == 0 { return }
      try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: target, name)
      offset += UInt64(count)
    }
  }
}
