import CKernels

/// A row of numbers in f32, at an address that kernels like: weights of a norm, a bias.
final class Vector: Sendable {
  let count: Int
  /// Written in the initialiser alone, and freed with this object.
  nonisolated(unsafe) let start: UnsafePointer<Float>

  /// The numbers of a tensor of one row, whatever type it has in the file.
  init(_ tensor: GGUFTensor) {
    count = tensor.rowLength
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Float>.size,
      alignment: 64
    )
    let numbers = memory.bindMemory(to: Float.self, capacity: count)
    ck_dequantize_row(
      Int32(tensor.type.rawValue),
      tensor.bytes.baseAddress,
      numbers,
      count
    )
    start = UnsafePointer(numbers)
  }

  deinit {
    UnsafeMutablePointer(mutating: start).deallocate()
  }

  var numbers: [Float] { Array(UnsafeBufferPointer(start: start, count: count)) }
}
