import Glibc

/// The bytes of a file as they lie on disk, readable without having been read: pages come in when
/// they are touched, and all processes that map the same file share them.
///
/// What was checked at opening may change: whoever can write the file can alter bytes under a
/// reader, so that numbers taken from it count only once they are copied and checked. Shortening is
/// worse, because touching a lost page ends the process (SIGBUS), and no check beforehand is safe
/// from it. So a model is replaced by renaming another file over it, which leaves the mapped one
/// whole, and never written in place; `isUnchanged` tells before a piece of work whether somebody did.
package final class MappedFile: Sendable {
  /// When a file was what it was: enough to notice that another lies there now.
  package struct Identity: Sendable, Hashable {
    package let size: Int
    /// Nanoseconds since 1970.
    package let modified: Int64
  }

  private enum Owner {
    case mapping(descriptor: Int32, Identity)
    case allocation
    case caller
  }

  /// Valid as long as this object lives.
  ///
  /// Unsafe to share only where somebody writes it: nothing here does, the pages are read-only.
  package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  /// As it was given; empty for memory.
  package let path: String
  private let owner: Owner

  /// Maps a regular file that is not empty.
  package init(path: String) throws(MappedFileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw MappedFileError("open", path, errno) }
    guard let facts = Self.facts(descriptor) else {
      let error = MappedFileError("read", path, errno)
      close(descriptor)
      throw error
    }
    guard facts.isRegular, facts.identity.size > 0 else {
      close(descriptor)
      throw .unfit(path: path, isEmpty: facts.isRegular)
    }
    let size = facts.identity.size
    guard let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED
    else {
      let error = MappedFileError("map", path, errno)
      close(descriptor)
      throw error
    }
    bytes = UnsafeRawBufferPointer(start: start, count: size)
    self.path = path
    owner = .mapping(descriptor: descriptor, facts.identity)
  }

  /// A file that exists in memory alone; the bytes are copied once, to where a page could begin.
  package init(bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyBytes(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
    path = ""
    owner = .allocation
  }

  /// Memory that the caller keeps, unchanged, for as long as this object lives.
  package init(borrowing bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    path = ""
    owner = .caller
  }

  /// Nil for memory.
  package var identity: Identity? {
    if case .mapping(_, let identity) = owner { identity } else { nil }
  }

  /// Whether the file has still the size and the time that it had when it was mapped.
  package var isUnchanged: Bool {
    guard case .mapping(let descriptor, let identity) = owner else { return true }
    return Self.facts(descriptor)?.identity == identity
  }

  /// Asks the kernel to read these bytes ahead; it may not.
  package func prefetch(_ range: Range<Int>) { advise(range, MADV_WILLNEED) }

  /// Says that these bytes are not needed soon, so that they stop counting as memory of this process;
  /// whoever touches them gets them anew.
  package func release(_ range: Range<Int>) { advise(range, MADV_DONTNEED) }

  private func advise(_ range: Range<Int>, _ advice: Int32) {
    let range = range.clamped(to: 0..<bytes.count)
    // Memory that is no file would come back as zeros.
    guard case .mapping = owner, let start = bytes.baseAddress, !range.isEmpty else { return }
    let first = range.lowerBound / 4096 * 4096
    madvise(UnsafeMutableRawPointer(mutating: start + first), range.upperBound - first, advice)
  }

  private static func facts(_ descriptor: Int32) -> (isRegular: Bool, identity: Identity)? {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { return nil }
    let modified = Int64(facts.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(facts.st_mtim.tv_nsec)
    return (
      facts.st_mode & S_IFMT == S_IFREG,
      Identity(size: Int(facts.st_size), modified: modified)
    )
  }

  deinit {
    switch owner {
    case .mapping(let descriptor, _):
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
      close(descriptor)
    case .allocation: UnsafeMutableRawBufferPointer(mutating: bytes).deallocate()
    case .caller: break
    }
  }
}
