import CKernels

/// Rows of weights as they lie in memory, and the kernel that multiplies by them.
///
/// Some kernels read rows that lie interleaved in groups. A matrix of theirs begins with `isPacked`
/// false; `pack` writes the interleaved form, of the same size, and what `packed(at:keeping:)` gives
/// multiplies. The form is the same on every machine.
package struct WeightMatrix: Sendable {
  package let type: TensorType
  package let rows: Int
  /// Numbers a row, a whole count of blocks.
  package let columns: Int
  /// Whether it lies in the form that the kernel reads, and so may multiply.
  package let isPacked: Bool
  /// Rows as in the file. Nothing writes what `start` and `weights` point to; `owners` keep it.
  private nonisolated(unsafe) let start: UnsafeRawPointer
  private nonisolated(unsafe) let weights: UnsafeRawPointer
  private let owners: [any Sendable]
  /// A constant of the C library.
  private nonisolated(unsafe) let kernel: UnsafePointer<ck_matrix_kernel>

  /// - Parameters:
  ///   - start: `rows` rows as in a file.
  ///   - owner: as long as it lives, `start` is valid.
  ///   - level: that of the machine, or a lower one.
  /// - Returns: nil where no kernel multiplies by the type, or a row is no whole count of blocks.
  init?(
    type: TensorType,
    rows: Int,
    columns: Int,
    start: UnsafeRawPointer,
    keeping owner: any Sendable,
    level: ck_level = ck_machine_level()
  ) {
    guard columns % type.blockLength == 0,
      let kernel = ck_matrix_kernel_for(Int32(type.rawValue), level)
    else { return nil }
    self.type = type
    self.rows = rows
    self.columns = columns
    self.start = start
    self.kernel = kernel
    weights = start
    owners = [owner]
    isPacked = kernel.pointee.row_group == 1
  }

  /// Some rows of a tensor.
  ///
  /// - Returns: nil where no kernel multiplies by the tensor's type.
  package init?(tensor: GGUFTensor, rows: Range<Int>) {
    guard let base = tensor.bytes.baseAddress else { return nil }
    let rowSize = tensor.rowLength / tensor.type.blockLength * tensor.type.blockSize
    self.init(
      type: tensor.type,
      rows: rows.count,
      columns: tensor.rowLength,
      start: base + rows.lowerBound * rowSize,
      keeping: tensor
    )
  }

  private init(_ matrix: WeightMatrix, packed: UnsafeRawPointer, keeping owner: any Sendable) {
    type = matrix.type
    rows = matrix.rows
    columns = matrix.columns
    start = matrix.start
    kernel = matrix.kernel
    weights = packed
    owners = matrix.owners + [owner]
    isPacked = true
  }

  /// Bytes of a row.
  package var rowSize: Int { columns / type.blockLength * type.blockSize }

  /// Bytes of all rows, packed or not.
  package var size: Int { rows * rowSize }

  // MARK: Packing

  /// Writes some rows in the form that the kernel reads to their place in `packed`, which has `size`
  /// bytes. Disjoint ranges may be packed at the same time.
  ///
  /// - Parameter rows: starts at a multiple of `rowGroup`, and ends at one or at the last row.
  package func pack(rows: Range<Int>, to packed: UnsafeMutableRawPointer) {
    let offset = rows.lowerBound * rowSize
    if let pack = kernel.pointee.pack {
      pack(start + offset, packed + offset, rows.count, columns)
    } else {
      packed.advanced(by: offset).copyMemory(from: start + offset, byteCount: rows.count * rowSize)
    }
  }

  /// The same matrix, which reads what `pack` has written.
  ///
  /// - Parameter owner: as long as it lives, `packed` is valid and does not change.
  package func packed(at packed: UnsafeRawPointer, keeping owner: any Sendable) -> WeightMatrix {
    WeightMatrix(self, packed: packed, keeping: owner)
  }

  // MARK: Multiplying

  /// Which prepared form of a vector it reads. Matrices that read the same share prepared vectors.
  package var activation: Int32 { kernel.pointee.activation }

  /// Bytes of a prepared vector: a multiple of 64.
  package var activationSize: Int { ck_activation_size(activation, columns) }

  /// Ranges of rows start at multiples of this.
  package var rowGroup: Int { Int(kernel.pointee.row_group) }

  /// The products of a range of rows with prepared vectors; `y[c * yStride + r]`.
  ///
  /// - Precondition: the matrix is packed.
  /// - Parameters:
  ///   - rows: starts at a multiple of `rowGroup`, and ends at one or at the last row.
  ///   - x: `count` prepared vectors, `xStride` bytes apart, the first at a multiple of 64.
  ///   - yStride: numbers from one column of results to the next.
  package func multiply(
    rows: Range<Int>,
    x: UnsafeRawPointer,
    xStride: Int,
    count: Int,
    y: UnsafeMutablePointer<Float>,
    yStride: Int
  ) {
    precondition(isPacked)
    kernel.pointee.multiply(
      weights,
      columns,
      rows.lowerBound,
      rows.upperBound,
      x,
      xStride,
      count,
      y,
      yStride
    )
  }

  /// One row as f32, from where it lies in the file.
  package func row(_ index: Int, to out: UnsafeMutablePointer<Float>) {
    ck_dequantize_row(Int32(type.rawValue), start + index * rowSize, out, columns)
  }
}
