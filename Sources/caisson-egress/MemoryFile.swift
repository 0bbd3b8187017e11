import CLinux
import Egress

/// Files without a name, by which more goes between two processes than fits a packet.
enum MemoryFile {
  private static let longest = 16 << 20

  /// What the one file holds that came along; it is closed.
  static func read(_ descriptors: [CInt]) throws(ServiceError) -> [UInt8] {
    defer { for descriptor in descriptors { _ = cl_close(descriptor) } }
    guard descriptors.count == 1 else { throw ServiceError("a message came without its file") }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = cl_read(descriptors[0], &chunk, chunk.count)
      guard count >= 0, bytes.count + Int(count) <= longest else {
        throw ServiceError("the file of a message cannot be read")
      }
      if count == 0 { return bytes }
      bytes += chunk[..<Int(count)]
    }
  }

  static func make(_ name: String, _ bytes: [UInt8]) throws(ServiceError) -> CInt {
    let descriptor = cl_sealed_memory(name, bytes, bytes.count)
    guard descriptor >= 0 else {
      throw ServiceError("no memory file can be made: error \(-descriptor)")
    }
    return descriptor
  }
}
