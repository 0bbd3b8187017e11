import CKernels

/// A matrix, and where its products go: one row a column, as long as the matrix has rows.
struct Product {
  let matrix: WeightMatrix
  let bias: Vector?
  let out: UnsafeMutablePointer<Float>

  init(_ projection: Weights.Projection, _ out: UnsafeMutablePointer<Float>) {
    matrix = projection.matrix
    bias = projection.bias
    self.out = out
  }
}

extension Forward {
  /// Rows of a matrix that a thread takes at once at least.
  private static let grain = 64

  /// Products of several matrices with the same vectors, which are prepared once for all matrices that
  /// read the same form.
  func multiply(_ products: [Product], by x: UnsafeMutablePointer<Float>, count: Int) {
    var rest = products[...]
    while let first = rest.first {
      let group = rest.prefix { $0.matrix.activation == first.matrix.activation }
      prepare(x, for: first.matrix, count: count)
      multiply(group, count: count)
      rest = rest.dropFirst(group.count)
    }
    for case let (product, bias?) in products.map({ ($0, $0.bias) }) {
      for column in 0..<count {
        ck_add(product.out + column * bias.count, bias.start, bias.count, level)
      }
    }
  }

  private func prepare(_ x: UnsafeMutablePointer<Float>, for matrix: WeightMatrix, count: Int) {
    let size = matrix.activationSize
    team.each(count, grain: 1) { part, _ in
      for column in part {
        ck_prepare_activation(
          matrix.activation,
          x + column * matrix.columns,
          space.prepared + column * size,
          matrix.columns,
          level
        )
      }
    }
  }

  private func multiply(_ group: ArraySlice<Product>, count: Int) {
    guard let first = group.first else { return }
    let size = first.matrix.activationSize
    var starts: [Int] = []
    var total = 0
    for product in group {
      starts.append(total)
      total += (product.matrix.rows + Self.grain - 1) / Self.grain
    }
    team.each(total, grain: 1) { part, _ in
      for (product, start) in zip(group, starts) {
        let rows = product.matrix.rows
        let low = max(0, part.lowerBound - start) * Self.grain
        let high = min(rows, (part.upperBound - start) * Self.grain)
        guard low < high else { continue }
        product.matrix.multiply(
          rows: low..<high,
          x: space.prepared,
          xStride: size,
          count: count,
          y: product.out,
          yStride: rows
        )
      }
    }
  }
}

extension Weights {
  /// Bytes of the longest prepared vector that any of the matrices reads.
  package var preparedSize: Int {
    var size = output.activationSize
    for layer in layers {
      for path in Layer.projections {
        size = max(size, layer[keyPath: path].matrix.activationSize)
      }
    }
    return size
  }
}
