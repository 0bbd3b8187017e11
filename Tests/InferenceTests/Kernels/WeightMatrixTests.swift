import CKernels
import Testing

@testable import Inference

@Suite struct WeightMatrixTests {
  @Test(arguments: TensorType.allCases) func `a matrix packed in parts multiplies as its rows say`(
    type: TensorType
  ) throws {
    var random = SplitMix(seed: 31)
    let (count, k) = (43, 256)
    let rows = (0..<count).map { _ in random.row(of: type, count: k) }
    let file = Memory(Array(rows.joined()))
    var matrix = try #require(
      WeightMatrix(type: type, rows: count, columns: k, start: file.start, keeping: file)
    )
    #expect(matrix.size == rows.count * rows[0].count)
    #expect(matrix.isPacked == (matrix.rowGroup == 1))
    let packed = Memory([UInt8](repeating: 0, count: matrix.size))
    for part in [16..<32, 32..<43, 0..<16] { matrix.pack(rows: part, to: packed.start) }
    matrix = matrix.packed(at: packed.start, keeping: packed)
    #expect(matrix.isPacked)

    let x = random.vector(k)
    let prepared = Memory([UInt8](repeating: 0, count: matrix.activationSize))
    ck_prepare_activation(matrix.activation, x, prepared.start, k, ck_machine_level())
    var y = [Float](repeating: 0, count: count)
    for part in [32..<43, 0..<32] {
      matrix.multiply(rows: part, x: prepared.start, xStride: 0, count: 1, y: &y, yStride: count)
    }
    let seen = PreparedTwin.numbers(x, activation: matrix.activation)
    for (row, result) in zip(rows, y) {
      let terms = zip(type.numbers(row), seen).map { Double($0.0) * $0.1 }
      let size = terms.reduce(1e-30) { $0 + abs($1) }
      #expect(abs(terms.reduce(0, +) - Double(result)) / size < 5e-4)
    }

    var row = [Float](repeating: 0, count: k)
    matrix.row(41, to: &row)
    #expect(row == type.numbers(rows[41]))
  }

  @Test func `a row that is no whole count of blocks makes no matrix`() {
    let file = Memory([UInt8](repeating: 0, count: 64))
    #expect(
      WeightMatrix(type: .q10, rows: 1, columns: 200, start: file.start, keeping: file) == nil
    )
  }
}

/// Bytes at a multiple of 64; written only before they are shared.
private final class Memory: @unchecked Sendable {
  let start: UnsafeMutableRawPointer

  init(_ bytes: [UInt8]) {
    start = .allocate(byteCount: bytes.count, alignment: 64)
    bytes.withUnsafeBytes {
      if let base = $0.baseAddress { start.copyMemory(from: base, byteCount: bytes.count) }
    }
  }

  deinit { start.deallocate() }
}
