import Crypto
import Glibc

/// The file that a process runs, open; which file it is, and in which state.
package final class ProgramFile: Sendable {
  /// Which file it is, and in which state: whoever writes to it changes its time of change, and
  /// cannot set that.
  package struct Identity: Hashable, Sendable {
    package let device, inode, size: UInt64
    package let changedSeconds, changedNanoseconds: Int64

    package init(
      device: UInt64,
      inode: UInt64,
      size: UInt64,
      changedSeconds: Int64,
      changedNanoseconds: Int64
    ) {
      self.device = device
      self.inode = inode
      self.size = size
      self.changedSeconds = changedSeconds
      self.changedNanoseconds = changedNanoseconds
    }
  }

  let identity: Identity
  private let descriptor: Int32

  /// Takes a descriptor; nil where it is none, or no file with content.
  ///
  /// - Parameter identify: gives the identity of an open file; nil for what is no regular one.
  init?(_ descriptor: Int32, _ identify: (Int32) -> Identity?) {
    guard descriptor >= 0 else { return nil }
    guard let identity = identify(descriptor) else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    self.identity = identity
  }

  deinit { close(descriptor) }

  /// SHA-256 of what it holds; nil where it cannot be read.
  func digest() -> String? {
    var hash = SHA256()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var offset: UInt64 = 0
    while true {
      let count = pread(descriptor, &chunk, chunk.count, off_t(offset))
      guard count >= 0, offset + UInt64(count) <= identity.size else { return nil }
      if count == 0 { break }
      hash.update(data: chunk[..<count])
      offset += UInt64(count)
    }
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] },
      as: UTF8.self
    )
  }
}

/// Remembers what files hash to. What a run may have hashed is bounded: the time for it is not the
/// run's own.
package struct ProgramDigests {
  private var known: [ProgramFile.Identity: String] = [:]
  private var left: UInt64 = 2 << 30

  private static let largest: UInt64 = 512 << 20
  private static let mostKnown = 256

  package init() {}

  /// Nil where the file is too large, cannot be read, or too much has been hashed already.
  mutating func digest(_ file: ProgramFile) -> String? {
    if let digest = known[file.identity] { return digest }
    let size = file.identity.size
    guard size <= Self.largest, size <= left else { return nil }
    left -= size
    guard let digest = file.digest() else { return nil }
    if known.count >= Self.mostKnown { known.removeAll() }
    known[file.identity] = digest
    return digest
  }
}
