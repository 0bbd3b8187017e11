import CKernels
import Testing

@testable import Inference

/// Weights of one and two bits.
@Suite struct BitPlaneKernelTests {
  /// Those of this machine at which kernels of these types differ.
  static let levels = [CK_LEVEL_PORTABLE, CK_LEVEL_NEON, CK_LEVEL_AVX2, CK_LEVEL_AVX512_VBMI].filter
  {
    $0.rawValue <= ck_machine_level().rawValue
      && ($0 != CK_LEVEL_NEON || ck_machine_level() == CK_LEVEL_NEON)
  }

  static let types: [TensorType] = [.q10, .q20, .tq20]

  struct Shape: Sendable, CustomTestStringConvertible {
    let rows: Int
    let blocks: Int
    let columns: Int
    var testDescription: String { "\(rows) × \(blocks) blocks × \(columns)" }
  }

  /// Rows with and without whole groups, odd groups, more than are walked through together; vectors
  /// whose tables fill the first cache more than once; columns that fill tiles and do not.
  static let shapes: [Shape] =
    [1, 16, 17, 48].flatMap { rows in
      [1, 2, 3].map { Shape(rows: rows, blocks: $0, columns: 1) }
        + [1, 3].map { Shape(rows: rows, blocks: $0, columns: 5) }
    }
    + (2...10).map { Shape(rows: 33, blocks: 1, columns: $0) }
    + [
      Shape(rows: 290, blocks: 1, columns: 2), Shape(rows: 529, blocks: 1, columns: 1),
      Shape(rows: 16, blocks: 45, columns: 1), Shape(rows: 17, blocks: 41, columns: 3),
      Shape(rows: 32, blocks: 1, columns: 70),
    ]

  @Test(arguments: types, levels) func `a product is that of the plain twin`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 21)
    for shape in Self.shapes {
      let k = shape.blocks * type.blockLength
      let rows = (0..<shape.rows).map { _ in random.row(of: type, count: k) }
      let columns = (0..<shape.columns).map { _ in random.vector(k) }
      let product = try Product(type: type, level: level, rows: rows, columns: columns)
      #expect(product.greatestError < 1e-6, "\(shape)")
    }
  }

  /// Activations that need no rounding and scales of one: every partial sum is a whole number.
  @Test(arguments: types, levels) func `whole numbers are multiplied exactly`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 22)
    let kernel = try #require(ck_matrix_kernel_for(Int32(type.rawValue), level)).pointee
    let most = kernel.activation == Int32(CK_ACTIVATION_SUMS_14.rawValue) ? 8191 : 511
    let k = 768
    for sign in [-1, 0, 1] {
      let columns = (0..<10).map { _ in
        (0..<k).map { i -> Float in
          // The greatest in every 128, so that the scale is one; or all of them.
          if sign != 0 || i % 128 == 5 { return Float(sign == 0 ? most : sign * most) }
          return Float(random.below(2 * most + 1) - most)
        }
      }
      let rows = (0..<37).map { r in
        var row = random.row(of: type, count: k)
        for block in stride(from: 0, to: row.count, by: type.blockSize) {
          if r < 3 { for i in 0..<type.blockSize { row[block + i] = r == 0 ? 0 : 0xff } }
          let scale = block + (type == .tq20 ? type.blockSize - 2 : 0)
          row[scale] = 0
          row[scale + 1] = 0x3c  // 1.0
        }
        return row
      }
      let product = try Product(type: type, level: level, rows: rows, columns: columns)
      let expected = columns.flatMap { column in
        rows.map { row in zip(type.numbers(row), column).reduce(Float(0)) { $0 + $1.0 * $1.1 } }
      }
      #expect(product.results == expected)
    }
  }

  @Test(arguments: types, levels) func `a row does not depend on the range it is computed in`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 23)
    let rows = (0..<75).map { _ in random.row(of: type, count: 512) }
    for count in [1, 2, 9] {
      let columns = (0..<count).map { _ in random.vector(512) }
      let whole = try Product(type: type, level: level, rows: rows, columns: columns)
      let parts = try Product(
        type: type,
        level: level,
        rows: rows,
        columns: columns,
        cuts: [0, 16, 48, 64, 75]
      )
      #expect(whole.results == parts.results)
    }
  }

  @Test(arguments: types, levels) func `a vector that is not finite gives no number`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 24)
    let rows = (0..<18).map { _ in
      var row = random.row(of: type, count: 256)
      row.replaceSubrange(0..<2, with: [0, 0x3c])
      row.replaceSubrange((row.count - 2)..<row.count, with: [0, 0x3c])
      return row
    }
    for wrong in [Float.nan, .infinity, -.infinity] {
      var column = random.vector(256)
      column[3] = wrong
      let columns = [column, random.vector(256)]
      let results = try Product(type: type, level: level, rows: rows, columns: columns).results
      #expect(results.prefix(18).allSatisfy { $0.isNaN })
      #expect(results.suffix(18).allSatisfy { $0.isFinite })
    }
    let small = [Float](repeating: .leastNonzeroMagnitude, count: 256)
    let results = try Product(type: type, level: level, rows: rows, columns: [small]).results
    #expect(results.allSatisfy { $0 == 0 })
  }

  @Test(arguments: types, levels)
  func `scales that are not finite reach the result and no other row`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 25)
    var rows = (0..<20).map { _ in random.row(of: type, count: 256) }
    let scale = type == .tq20 ? type.blockSize - 2 : 0
    for row in [3, 17] { rows[row].replaceSubrange(scale..<(scale + 2), with: [0, 0x7c]) }
    let columns = [random.vector(256), random.vector(256)]
    let results = try Product(type: type, level: level, rows: rows, columns: columns).results
    for (i, result) in results.enumerated() {
      #expect(result.isFinite == ![3, 17].contains(i % 20))
    }
  }

  @Test(arguments: levels) func `every level prepares a vector alike`(level: ck_level) {
    var random = SplitMix(seed: 26)
    for form in [CK_ACTIVATION_SUMS_14, CK_ACTIVATION_SUMS_10] {
      for k in [64, 128, 192, 1024] {
        let column = random.vector(k)
        func prepared(_ level: ck_level) -> [UInt8] {
          let size = ck_activation_size(Int32(form.rawValue), k)
          var bytes = [UInt8](repeating: 0, count: size)
          bytes.withUnsafeMutableBytes {
            ck_prepare_activation(Int32(form.rawValue), column, $0.baseAddress, k, level)
          }
          return bytes
        }
        #expect(prepared(level) == prepared(CK_LEVEL_PORTABLE))
      }
    }
  }

  /// llama.cpp rounds each 32 activations to 8 bits of the greatest among them.
  @Test(arguments: levels) func `a vector loses less than in blocks of 8 bits`(
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 27)
    let kernel = try #require(ck_matrix_kernel_for(Int32(TensorType.q10.rawValue), level)).pointee
    func error(_ x: [Float], _ seen: [Double]) -> Double {
      zip(x, seen).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    }
    for heavy in [false, true] {
      let x = (0..<4096).map { _ in heavy ? random.normal() / abs(random.normal()) : random.normal()
      }
      let eights = stride(from: 0, to: x.count, by: 32).flatMap {
        PreparedTwin.eights(Array(x[$0..<($0 + 32)]))
      }
      let seen = PreparedTwin.numbers(x, activation: kernel.activation)
      #expect(error(x, seen) < error(x, eights))
    }
  }
}
