/// Floats in one block of memory that a whole cache line begins.
final class FloatBlock {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  /// All zero.
  init(count: Int) {
    self.count = count
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.size,
      alignment: 64
    )
    start = bytes.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }
}
