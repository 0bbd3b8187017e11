import Glibc

/// Where weights lie that a kernel reads in another order than the file has.
package enum PackedPlace: Sendable, Equatable {
  /// In this process's memory, packed anew each time.
  case memory
  /// In a sidecar in this folder, packed once and mapped afterwards; where there can be none, in
  /// memory.
  case folder(String)
}

/// Memory of this process that packed weights lie in.
final class PackedMemory: Sendable {
  let count: Int
  /// Written by who made it before anything reads it, and unmapped with this object.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer

  /// Nil if the system has none.
  init?(count: Int) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED
    else { return nil }
    self.start = start
    self.count = count
  }

  deinit {
    munmap(start, count)
  }
}
