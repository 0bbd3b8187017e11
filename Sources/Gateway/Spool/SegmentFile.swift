internal import Glibc
internal import SystemPackage

/// One append-only file of the spool, open until nobody reads it any more.
///
/// Deleting a segment unlinks its file; a reader that is underway keeps it and reads to the end.
final class SegmentFile: Sendable {
  let path: FilePath
  let number: UInt32
  private let descriptor: FileDescriptor

  static let magic = Array("CAISPOOL".utf8)
  /// Since 2, a segment that is closed ends in an index.
  static let version: UInt32 = 2
  /// Magic, version, number.
  static let headerSize = 16

  init(path: FilePath, number: UInt32, descriptor: FileDescriptor) {
    self.path = path
    self.number = number
    self.descriptor = descriptor
  }

  deinit {
    try? descriptor.close()
  }

  static func open(_ path: FilePath, number: UInt32) throws(SpoolError) -> SegmentFile {
    do {
      let descriptor = try FileDescriptor.open(
        path,
        .readWrite,
        options: [.closeOnExec, .noFollow]
      )
      return SegmentFile(path: path, number: number, descriptor: descriptor)
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  /// Makes the file of a new segment, or none where that fails.
  static func create(in directory: FilePath, number: UInt32) throws(SpoolError) -> SegmentFile {
    let path = directory.appending(name(number))
    do {
      let descriptor = try FileDescriptor.open(
        path,
        .readWrite,
        options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite
      )
      let file = SegmentFile(path: path, number: number, descriptor: descriptor)
      do {
        try file.writeHeader()
      } catch {
        file.unlink()
        throw error
      }
      return file
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  func writeHeader() throws(SpoolError) {
    try write(Self.header(number), at: 0)
  }

  static func header(_ number: UInt32) -> [UInt8] {
    var header = magic
    for value in [version, number] {
      withUnsafeBytes(of: value.littleEndian) { header += $0 }
    }
    return header
  }

  static let suffix = ".spool"
  static let asideSuffix = ".damaged"

  /// Ten digits, so that names sort as numbers do.
  static func name(_ number: UInt32) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 10 - digits.count) + digits + suffix
  }

  /// Writes all bytes, or throws with the file as it may be after half of them.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SpoolError) {
    var written = 0
    do {
      while written < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
        let count = try descriptor.write(toAbsoluteOffset: Int64(offset + written), rest)
        guard count > 0 else { throw Errno.noSpace }
        written += count
      }
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(SpoolError) {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(SpoolError) in try write(bytes, at: offset) }
    }
    try result.get()
  }

  /// Reads `count` bytes, or as many as there are.
  func read(_ count: Int, at offset: Int) throws(SpoolError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SpoolError) in try read(into: buffer, at: offset) }
    }
    bytes.removeLast(count - (try result.get()))
    return bytes
  }

  /// Fills the buffer, or as much of it as there is; gives how much that was.
  func read(
    into buffer: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) throws(SpoolError) -> Int {
    var count = 0
    do {
      while count < buffer.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        let read = try descriptor.read(fromAbsoluteOffset: Int64(offset + count), into: rest)
        if read == 0 { break }
        count += read
      }
    } catch {
      throw SpoolError(error, path: path)
    }
    return count
  }

  func size() throws(SpoolError) -> Int {
    do {
      return Int(try descriptor.seek(offset: 0, from: .end))
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  func cut(to size: Int) throws(SpoolError) {
    do {
      try descriptor.resize(to: Int64(size))
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  func sync() throws(SpoolError) {
    guard fsync(descriptor.rawValue) == 0 else {
      throw .unavailable(path: path.string, reason: "the disk did not take what was written")
    }
  }

  /// Makes the names of segments as lasting as their bytes.
  static func sync(directory path: FilePath) throws(SpoolError) {
    do {
      let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
      let isSynced = try descriptor.closeAfter { fsync(descriptor.rawValue) == 0 }
      guard isSynced else { throw Errno.ioError }
    } catch {
      throw SpoolError(error, path: path)
    }
  }

  func unlink() {
    _ = Glibc.unlink(path.string)
  }
}
