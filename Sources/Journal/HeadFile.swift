import Glibc
import SystemPackage

/// The second place where the head of the chain is kept, so that rows cut off the end are missed.
///
/// The file has several places; a head goes to the place that its number falls on, so no write
/// touches the newest head that is already there. A write that a crash tears apart leaves the
/// others whole, and the reader takes the highest whole one. It is written after the rows have
/// been committed: the rows may be ahead of the head after a crash, never behind it.
package struct HeadFile: Sendable {
  let path: FilePath

  package enum Content: Equatable {
    case missing
    /// The file is there, but no place in it holds a whole head.
    case unreadable
    case head(Head)
  }

  private static let places = 8

  func read() throws(JournalError) -> Content {
    do {
      let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
      let bytes = try file.closeAfter { try Self.contents(of: file) }
      var lines = stride(from: 0, to: bytes.count, by: Head.encodedLength).map { start in
        bytes[start..<min(start + Head.encodedLength, bytes.count)]
      }
      // Each begins with its number in a fixed width: the newest whole one is looked for from the
      // top, since checking a line costs a hash.
      lines.sort { $1.lexicographicallyPrecedes($0) }
      return lines.lazy.compactMap { Head(encoded: $0) }.first.map(Content.head) ?? .unreadable
    } catch Errno.noSuchFileOrDirectory {
      return .missing
    } catch {
      throw failure(error)
    }
  }

  /// Creates the file of a journal without rows, durably. Does nothing where there is one already.
  func create() throws(JournalError) {
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(
        path,
        .writeOnly,
        options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: .ownerReadWrite
      )
    } catch Errno.fileExists {
      return
    } catch {
      throw failure(error)
    }
    do {
      try file.closeAfter {
        // The whole length at once: later writes need no room that a full disk could refuse.
        var bytes = [UInt8](repeating: UInt8(ascii: " "), count: Self.places * Head.encodedLength)
        bytes.replaceSubrange(0..<Head.encodedLength, with: Head.genesis.encoded)
        try file.writeAll(bytes)
        _ = fsync(file.rawValue)
      }
    } catch {
      // Ours, and half-made: without a genesis it would look like a damaged one.
      _ = unlink(path.string)
      throw failure(error)
    }
  }

  func write(_ head: Head) throws(JournalError) {
    do {
      let file = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
      let place = head.sequence % Int64(Self.places) * Int64(Head.encodedLength)
      _ = try file.closeAfter { try file.writeAll(toAbsoluteOffset: place, head.encoded) }
    } catch {
      throw failure(error)
    }
  }

  private static func contents(of file: FileDescriptor) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: places * Head.encodedLength)
    let count = try bytes.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
    return Array(bytes.prefix(count))
  }

  private func failure(_ error: any Error) -> JournalError {
    switch error as? Errno {
    case .noSpace: .diskFull(path: path.string)
    case .readOnlyFileSystem, .permissionDenied: .readOnly(path: path.string)
    default: .unavailable(path: path.string, reason: "\(error)")
    }
  }
}
