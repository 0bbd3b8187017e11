import CKernels
import Testing

@testable import Inference

@Suite struct MatrixKernelTests {
  /// Those of this machine at which kernels of these types differ.
  static let levels = [CK_LEVEL_PORTABLE, CK_LEVEL_AVX2, CK_LEVEL_AVX512_VNNI].filter {
    $0.rawValue <= ck_machine_level().rawValue
  }

  /// Types whose kernels read f32, or 8 bits quantised here.
  static let types: [TensorType] = [.f32, .f16, .bf16, .q40, .q41, .q80, .q4K, .q6K]

  struct Shape: Sendable, CustomTestStringConvertible {
    let rows: Int
    let blocks: Int  // of 32
    let columns: Int
    var testDescription: String { "\(rows) × \(blocks) blocks × \(columns)" }
  }

  static let shapes: [Shape] =
    [1, 3, 4, 7].flatMap { rows in
      [1, 2, 5, 12].flatMap { blocks in
        [1, 2, 3].map { Shape(rows: rows, blocks: blocks, columns: $0) }
      }
    }
    + (4...13).map { Shape(rows: $0 == 4 ? 35 : 18, blocks: 3, columns: $0) }
    + [
      Shape(rows: 5, blocks: 38, columns: 2), Shape(rows: 3, blocks: 70, columns: 7),
      Shape(rows: 3, blocks: 1, columns: 70), Shape(rows: 100, blocks: 1, columns: 1),
    ]

  /// Of Σ |weight · x|. The sums that go with the minima of Q4_1 are rounded to f16.
  static func tolerance(_ type: TensorType) -> Double { type == .q41 ? 5e-4 : 2e-6 }

  @Test(arguments: types, levels) func `a product is that of the plain twin`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 11)
    for shape in Self.shapes {
      let k = type.wholeBlocks(of: shape.blocks * 32)
      let rows = (0..<shape.rows).map { _ in random.row(of: type, count: k) }
      let columns = (0..<shape.columns).map { _ in random.vector(k) }
      let product = try Product(type: type, level: level, rows: rows, columns: columns)
      #expect(product.greatestError < Self.tolerance(type), "\(shape)")
    }
  }

  @Test(arguments: levels.filter(FusedTwin.isFused))
  func `Q4_1 is summed as ggml sums it, however many columns there are`(level: ck_level) throws {
    var random = SplitMix(seed: 15)
    for (blocks, rows) in [(1, 3), (18, 5), (48, 35), (70, 17)] {
      let bytes = (0..<rows).map { _ in random.row(of: .q41, count: blocks * 32) }
      for count in [1, 2, 4, 5, 53] {
        let columns = (0..<count).map { _ in random.vector(blocks * 32) }
        let product = try Product(type: .q41, level: level, rows: bytes, columns: columns)
        for (c, column) in columns.enumerated() {
          for (r, row) in bytes.enumerated() {
            let found = product.results[c * rows + r]
            #expect(found == Self.laneSum(row, column), "\(blocks) blocks, row \(r), column \(c)")
          }
        }
      }
    }
  }

  @Test(.enabled(if: levels.contains(CK_LEVEL_AVX512_VNNI), "needs AVX-512 VNNI"))
  func `Q4_0 is summed in one chain, however many columns there are`() throws {
    var random = SplitMix(seed: 16)
    for (blocks, rows) in [(1, 3), (18, 5), (35, 35), (70, 17)] {
      let bytes = (0..<rows).map { _ in random.row(of: .q40, count: blocks * 32) }
      for count in [1, 3, 4, 9] {
        let columns = (0..<count).map { _ in random.vector(blocks * 32) }
        let product = try Product(
          type: .q40,
          level: CK_LEVEL_AVX512_VNNI,
          rows: bytes,
          columns: columns
        )
        let expected = columns.flatMap { column in bytes.map { Self.chainSum($0, column) } }
        #expect(product.results == expected, "\(blocks) blocks, \(rows) rows, \(count) columns")
      }
    }
  }

  private static func chainSum(_ row: [UInt8], _ x: [Float]) -> Float {
    var sum: Float = 0
    for block in 0..<(x.count / 32) {
      let bytes = row[(block * 18)..<(block * 18 + 18)].map(Int.init)
      let codes = (0..<32).map { ($0 < 16 ? bytes[2 + $0] & 15 : bytes[$0 - 14] >> 4) - 8 }
      let numbers = x[(block * 32)..<(block * 32 + 32)]
      let most = numbers.map(abs).max() ?? 0
      let whole = numbers.map { Int(($0 * (127 / most)).rounded(.toNearestOrEven)) }
      let step = Float(Float16(bitPattern: UInt16(bytes[0] | bytes[1] << 8)))
      let dot = zip(codes, whole).reduce(0) { $0 + $1.0 * $1.1 }
      sum = sum.addingProduct(Float(dot), step * Float(Float16(most / 127)))
    }
    return sum
  }

  /// Eight lanes of four products each a block, and the minima apart.
  private static func laneSum(_ row: [UInt8], _ x: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 8)
    var rest: Float = 0
    for block in 0..<(x.count / 32) {
      let bytes = row[(block * 20)..<(block * 20 + 20)].map(Int.init)
      func half(_ at: Int) -> Float {
        Float(Float16(bitPattern: UInt16(bytes[at] | bytes[at + 1] << 8)))
      }
      let numbers = x[(block * 32)..<(block * 32 + 32)]
      let most = numbers.map(abs).max() ?? 0
      let whole = numbers.map { Int(($0 * (127 / most)).rounded(.toNearestOrEven)) }
      let step = half(0) * Float(Float16(most / 127))
      for lane in 0..<8 {
        let codes = (0..<4).map {
          lane < 4 ? bytes[4 + lane * 4 + $0] & 15 : bytes[lane * 4 - 12 + $0] >> 4
        }
        let dot = (0..<4).reduce(0) { $0 + codes[$1] * whole[lane * 4 + $1] }
        lanes[lane] = lanes[lane].addingProduct(step, Float(dot))
      }
      let sum = Float(Float16(most / 127 * Float(whole.reduce(0, +))))
      rest = rest.addingProduct(half(2), sum)
    }
    return FusedTwin.fold(lanes) + rest
  }

  @Test(arguments: types, levels) func `extremes do not overflow`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 12)
    for byte: UInt8 in [0, 0x80, 0xff, 0x7f] {
      let k = 256
      let rows = (0..<19).map { _ in
        var row = random.row(of: type, count: k)
        if type.blockLength > 1 {
          let scales = type == .q6K ? 208..<210 : type == .q4K || type == .q41 ? 0..<4 : 0..<2
          for i in row.indices where !scales.contains(i % type.blockSize) { row[i] = byte }
        }
        return row
      }
      var columns = (0..<6).map { c in
        (0..<k).map { _ in Float(c % 2 == 0 ? 1 : -1) * 60_000 }
      }
      columns.append([Float](repeating: 0, count: k))
      let product = try Product(type: type, level: level, rows: rows, columns: columns)
      #expect(product.greatestError < Self.tolerance(type), "bytes \(byte)")
    }
  }

  @Test(arguments: types, levels) func `a vector that is not finite gives no number`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 14)
    let rows = (0..<19).map { _ in random.row(of: type, count: 512) }
    // At the ends of what a kernel takes at once, and alone or beside many.
    for (wrong, place, count) in [
      (Float.nan, 0, 1), (.nan, 511, 7), (.nan, 40, 2), (.infinity, 15, 1), (-.infinity, 255, 7),
    ] {
      var columns = (0..<count).map { _ in random.vector(512) }
      columns[0][place] = wrong
      let results = try Product(type: type, level: level, rows: rows, columns: columns).results
      #expect(results.prefix(19).allSatisfy { !$0.isFinite }, "\(wrong) at \(place)")
      #expect(results.dropFirst(19).allSatisfy { $0.isFinite })
    }
    let small = [Float](repeating: .leastNonzeroMagnitude, count: 512)
    let results = try Product(type: type, level: level, rows: rows, columns: [small]).results
    #expect(results.allSatisfy { abs($0) < 1e-30 })
  }

  @Test(arguments: types, levels) func `a row does not depend on the range it is computed in`(
    type: TensorType,
    level: ck_level
  ) throws {
    var random = SplitMix(seed: 13)
    let rows = (0..<41).map { _ in random.row(of: type, count: 512) }
    for count in [1, 2, 9] {
      let columns = (0..<count).map { _ in random.vector(512) }
      let whole = try Product(type: type, level: level, rows: rows, columns: columns)
      let parts = try Product(
        type: type,
        level: level,
        rows: rows,
        columns: columns,
        cuts: [0, 1, 6, 17, 40, 41]
      )
      #expect(whole.results == parts.results)
    }
  }
}

extension TensorType {
  /// The least count of numbers, at least `count`, that a row can have.
  fileprivate func wholeBlocks(of count: Int) -> Int {
    (count + blockLength - 1) / blockLength * blockLength
  }
}
