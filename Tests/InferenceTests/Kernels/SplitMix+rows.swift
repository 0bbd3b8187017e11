@testable import Inference

/// Weights and vectors as models have them.
extension SplitMix {
  /// Roughly normal: the sum of four.
  mutating func normal() -> Float {
    (0..<4).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &self) } * 0.866
  }

  /// `count` numbers of which one in fifty is ten times as large, as hidden states are.
  mutating func vector(_ count: Int) -> [Float] {
    (0..<count).map { _ in normal() * (next() % 50 == 0 ? 10 : 1) }
  }

  /// A row of any bits, with scales that weights have: of either sign, some of them zero, some
  /// subnormal.
  mutating func row(of type: TensorType, count: Int) -> [UInt8] {
    var row: [UInt8] = []
    for _ in 0..<(count / type.blockLength) {
      var block = (0..<type.blockSize).map { _ in UInt8(truncatingIfNeeded: next()) }
      switch type {
      case .f32: put(normal().bitPattern, 4, at: 0, in: &block)
      case .f16: put(UInt32(Float16(normal()).bitPattern), 2, at: 0, in: &block)
      case .bf16: put(normal().bitPattern >> 16, 2, at: 0, in: &block)
      case .q40, .q80, .q10, .q20: put(scale(), 2, at: 0, in: &block)
      case .q41, .q4K:
        put(scale(), 2, at: 0, in: &block)
        put(scale(), 2, at: 2, in: &block)
      case .q6K, .tq20: put(scale(), 2, at: type.blockSize - 2, in: &block)
      }
      row += block
    }
    return row
  }

  private mutating func scale() -> UInt32 {
    switch next() % 16 {
    case 0: 0
    case 1: UInt32(truncatingIfNeeded: next() % 1024)
    default: UInt32(Float16(normal() * 0.05).bitPattern)
    }
  }

  private func put(_ bits: UInt32, _ count: Int, at place: Int, in block: inout [UInt8]) {
    for i in 0..<count { block[place + i] = UInt8(truncatingIfNeeded: bits >> UInt32(i * 8)) }
  }
}
