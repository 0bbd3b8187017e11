import Foundation
import Glibc
import SystemPackage

/// The directory of secrets: small files of the owner alone, written whole or not at all.
struct SecretFiles {
  let directory: FilePath

  /// More than any file here may have.
  static let largest = 256 << 10

  /// Makes the directory where it is missing.
  func prepare() throws {
    try Home.prepare(directory.removingLastComponent())
    try Home.prepare(directory)
  }

  func names() throws(SecretError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
    } catch CocoaError.fileReadNoSuchFile, CocoaError.fileNoSuchFile {
      return []
    } catch {
      throw .unreadable(directory.string, reason: "no permission, or not a directory")
    }
  }

  /// The whole of a file; nil where there is none.
  func read(_ name: String) throws(SecretError) -> [UInt8]? {
    let path = directory.appending(name)
    do {
      let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
      defer { try? file.close() }
      var status = stat()
      guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw SecretError.unreadable(path.string, reason: "not a file")
      }
      guard status.st_mode & 0o077 == 0, status.st_uid == geteuid() else {
        throw SecretError.openToOthers(path.string)
      }
      return try Self.readAll(file, path.string)
    } catch Errno.noSuchFileOrDirectory {
      return nil
    } catch let error as SecretError {
      throw error
    } catch {
      throw .unreadable(path.string, reason: "\(error)")
    }
  }

  /// Writes a file under another name first, so that it is there whole or as it was.
  func write(_ bytes: [UInt8], to name: String) throws(SecretError) {
    let path = directory.appending(name)
    let temporary = directory.appending(".\(name).\(getpid())")
    do {
      _ = unlink(temporary.string)
      let file = try FileDescriptor.open(
        temporary,
        .writeOnly,
        options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite
      )
      do {
        defer { try? file.close() }
        _ = try file.writeAll(bytes)
        guard fsync(file.rawValue) == 0 else { throw Errno.ioError }
      }
      guard rename(temporary.string, path.string) == 0 else { throw Errno.ioError }
      try sync()
    } catch {
      _ = unlink(temporary.string)
      throw .unwritable(path.string, reason: "\(error)")
    }
  }

  /// Writes a file that is not there yet; false where it is.
  func writeFirst(_ bytes: [UInt8], to name: String) throws(SecretError) -> Bool {
    let path = directory.appending(name)
    let temporary = directory.appending(".\(name).\(getpid())")
    defer { _ = unlink(temporary.string) }
    do {
      let file = try FileDescriptor.open(
        temporary,
        .writeOnly,
        options: [.create, .truncate, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite
      )
      do {
        defer { try? file.close() }
        _ = try file.writeAll(bytes)
        guard fsync(file.rawValue) == 0 else { throw Errno.ioError }
      }
      // A link is made only where nothing is: whoever comes second reads what the first one made.
      guard link(temporary.string, path.string) == 0 else { return false }
      try sync()
      return true
    } catch {
      throw .unwritable(path.string, reason: "\(error)")
    }
  }

  func remove(_ name: String) throws(SecretError) {
    let path = directory.appending(name)
    guard unlink(path.string) == 0 else {
      throw .unwritable(path.string, reason: "it cannot be removed")
    }
    do {
      try sync()
    } catch {
      throw .unwritable(path.string, reason: "\(error)")
    }
  }

  private func sync() throws {
    let place = try FileDescriptor.open(directory, .readOnly, options: [.closeOnExec, .directory])
    defer { try? place.close() }
    guard fsync(place.rawValue) == 0 else { throw Errno.ioError }
  }

  static func readAll(
    _ file: FileDescriptor,
    _ name: String,
    atMost most: Int = largest
  ) throws(SecretError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count: Int
      do {
        count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
      } catch {
        throw .unreadable(name, reason: "\(error)")
      }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= most else {
        throw .unreadable(name, reason: "it is longer than \(most) bytes")
      }
    }
  }
}
