internal import Glibc
internal import SystemPackage

/// The memory that segments are read into one after the other.
///
/// Its own mapping, because an allocator would keep what one segment needs for the life of the
/// process.
struct ScanBuffer: ~Copyable {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// The bytes of a file, valid until the next call.
  mutating func fill(from file: SegmentFile) throws(SpoolError) -> UnsafeRawBufferPointer {
    let size = try file.size()
    if size > memory.count {
      release()
      let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let address, address != MAP_FAILED else {
        throw .unavailable(path: file.path.string, reason: "there is no memory to read it")
      }
      memory = UnsafeMutableRawBufferPointer(start: address, count: size)
    }
    let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<size]), at: 0)
    return UnsafeRawBufferPointer(rebasing: memory[..<count])
  }

  private mutating func release() {
    if let address = memory.baseAddress { munmap(address, memory.count) }
    memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  deinit {
    if let address = memory.baseAddress { munmap(address, memory.count) }
  }
}
