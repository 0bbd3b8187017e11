import Glibc
package import Inference

/// Memory that ends where nothing may be read: a reader that goes one byte too far is killed at once.
package final class GuardedMemory {
  private let region: UnsafeMutableRawBufferPointer

  /// Room for files of up to `capacity` bytes, a multiple of a page.
  package init(capacity: Int = 1 << 20) {
    let region = mmap(
      nil,
      capacity + 4096,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS,
      -1,
      0
    )
    guard let region, region != MAP_FAILED, mprotect(region + capacity, 4096, PROT_NONE) == 0 else {
      fatalError("no memory for an input")
    }
    self.region = UnsafeMutableRawBufferPointer(start: region, count: capacity)
  }

  deinit {
    munmap(region.baseAddress, region.count + 4096)
  }

  /// The bytes as a file that ends at the guard; good until the next is placed. What does not fit is
  /// cut off.
  package func file(_ bytes: [UInt8]) -> MappedFile {
    let place = UnsafeMutableRawBufferPointer(rebasing: region.suffix(bytes.count))
    place.copyBytes(from: bytes.prefix(place.count))
    return MappedFile(borrowing: UnsafeRawBufferPointer(place))
  }
}
