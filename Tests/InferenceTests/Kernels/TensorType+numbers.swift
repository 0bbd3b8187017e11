import CKernels

@testable import Inference

extension TensorType {
  /// The numbers of a row, block by block as the layouts say: plain, the oracle of the kernels.
  func numbers(_ row: [UInt8]) -> [Float] {
    stride(from: 0, to: row.count, by: blockSize).flatMap {
      numbers(ofBlock: Array(row[$0..<($0 + blockSize)]))
    }
  }

  func numbersByKernel(_ row: [UInt8]) -> [Float] {
    let count = row.count / blockSize * blockLength
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      row.withUnsafeBytes {
        ck_dequantize_row(Int32(rawValue), $0.baseAddress, buffer.baseAddress, count)
      }
      filled = count
    }
  }

  private func numbers(ofBlock block: [UInt8]) -> [Float] {
    func half(_ at: Int) -> Float {
      Float(Float16(bitPattern: UInt16(block[at]) | UInt16(block[at + 1]) << 8))
    }
    func code(_ byte: Int, _ shift: Int, _ mask: UInt8) -> Float {
      Float(block[byte] >> UInt8(shift) & mask)
    }
    switch self {
    case .f32:
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(block[$1]) << UInt32($1 * 8) }
      return [Float(bitPattern: bits)]
    case .f16:
      return [half(0)]
    case .bf16:
      return [Float(bitPattern: (UInt32(block[0]) | UInt32(block[1]) << 8) << 16)]
    case .q40:
      return (0..<32).map { (code(2 + $0 % 16, $0 / 16 * 4, 15) - 8) * half(0) }
    case .q41:
      return (0..<32).map { code(4 + $0 % 16, $0 / 16 * 4, 15) * half(0) + half(2) }
    case .q80:
      return (0..<32).map { Float(Int8(bitPattern: block[2 + $0])) * half(0) }
    case .q10:
      return (0..<128).map { code(2 + $0 / 8, $0 % 8, 1) == 1 ? half(0) : -half(0) }
    case .q20:
      return (0..<64).map { (code(2 + $0 / 4, $0 % 4 * 2, 3) - 1) * half(0) }
    case .tq20:
      return (0..<256).map { (code($0 / 128 * 32 + $0 % 32, $0 % 128 / 32 * 2, 3) - 1) * half(64) }
    case .q6K:
      return (0..<256).map { j in
        let low = code(j / 128 * 64 + j % 64, j % 128 / 64 * 4, 15)
        let high = code(128 + j / 128 * 32 + j % 32, j % 128 / 32 * 2, 3)
        let scale = Float(Int8(bitPattern: block[192 + j / 16]))
        return half(208) * scale * (low + 16 * high - 32)
      }
    case .q4K:
      return (0..<256).map { j in
        let part = j / 32
        let scale: UInt8
        let minimum: UInt8
        if part < 4 {
          scale = block[4 + part] & 63
          minimum = block[8 + part] & 63
        } else {
          scale = block[8 + part] & 15 | (block[part] >> 6) << 4
          minimum = block[8 + part] >> 4 | (block[4 + part] >> 6) << 4
        }
        let nibble = code(16 + part / 2 * 32 + j % 32, part % 2 * 4, 15)
        return half(0) * Float(scale) * nibble - half(2) * Float(minimum)
      }
    }
  }
}
