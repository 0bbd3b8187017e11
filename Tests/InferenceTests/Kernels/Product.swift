import CKernels
import Testing

@testable import Inference

/// A matrix times columns by the kernel of a type and level, beside what it should be.
struct Product {
  /// By column, then row.
  let results: [Float]

  /// The greatest distance from the twin, as a share of Σ |weight · x|.
  let greatestError: Double

  /// `cuts`: where ranges of rows begin and end; all rows at once when empty.
  init(
    type: TensorType,
    level: ck_level,
    rows: [[UInt8]],
    columns: [[Float]],
    cuts: [Int] = []
  ) throws {
    let kernel = try #require(ck_matrix_kernel_for(Int32(type.rawValue), level)).pointee
    let k = columns[0].count
    // Exactly as long as the rows are, so that a tool for memory errors sees what reads beyond.
    let weights = UnsafeMutableRawBufferPointer.allocate(
      byteCount: rows.count * rows[0].count,
      alignment: 2
    )
    defer { weights.deallocate() }
    if let pack = kernel.pack {
      pack(Array(rows.joined()), weights.baseAddress, rows.count, k)
    } else {
      weights.copyBytes(from: rows.joined())
    }

    let size = ck_activation_size(kernel.activation, k)
    let prepared = UnsafeMutableRawBufferPointer.allocate(
      byteCount: size * columns.count,
      alignment: 64
    )
    defer { prepared.deallocate() }
    for (c, column) in columns.enumerated() {
      let place = prepared.baseAddress.map { $0 + c * size }
      ck_prepare_activation(kernel.activation, column, place, k, level)
    }

    let stride = rows.count + 3
    var y = [Float](repeating: -7, count: stride * columns.count)
    let ranges = cuts.isEmpty ? [0, rows.count] : cuts
    for (first, end) in zip(ranges, ranges.dropFirst()) {
      kernel.multiply(
        weights.baseAddress,
        k,
        first,
        end,
        prepared.baseAddress,
        size,
        columns.count,
        &y,
        stride
      )
    }
    #expect(
      columns.indices.allSatisfy { c in
        (rows.count..<stride).allSatisfy { y[c * stride + $0] == -7 }
      }
    )
    results = columns.indices.flatMap { c in y[(c * stride)..<(c * stride + rows.count)] }

    var greatest = 0.0
    let numbers = rows.map { type.numbers($0).map(Double.init) }
    for (c, column) in columns.enumerated() {
      let seen = PreparedTwin.numbers(column, activation: kernel.activation)
      for (r, row) in numbers.enumerated() {
        let (sum, size) = Self.dot(row, seen)
        let error = abs(Double(y[c * stride + r]) - sum) / (size + 1e-30)
        greatest = error.isNaN ? .infinity : max(greatest, error)
      }
    }
    greatestError = greatest
  }

  /// Σ a · b and Σ |a · b|. Through pointers and without ranges: tests are not optimised.
  static func dot(_ a: [Double], _ b: [Double]) -> (sum: Double, size: Double) {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sum = 0.0
        var size = 0.0
        var i = 0
        while i < a.count {
          let term = a[i] * b[i]
          sum += term
          size += term.magnitude
          i += 1
        }
        return (sum, size)
      }
    }
  }
}
