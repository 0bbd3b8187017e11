/// A tensor that is wanted in another order of its bytes, and who brings it into that order.
package struct SidecarPart: Sendable {
  /// Brings rows into the other order, which takes as many bytes. It is given whole groups, and with
  /// the last of them what is left of the rows; what comes out begins at a multiple of 64.
  package typealias Pack =
    @Sendable (
      _ rows: UnsafeRawPointer,
      _ packed: UnsafeMutableRawPointer,
      _ count: Int,
      _ rowLength: Int
    ) -> Void

  package let tensor: GGUFTensor
  /// So many rows lie interleaved.
  package let rowGroup: Int
  /// Tells this order from all others of the tensor's type: whoever changes what `pack` does, changes
  /// this.
  package let form: Int
  package let pack: Pack

  package init(_ tensor: GGUFTensor, rowGroup: Int, form: Int, pack: @escaping Pack) {
    self.tensor = tensor
    self.rowGroup = max(1, rowGroup)
    self.form = form
    self.pack = pack
  }

  /// Bytes a row.
  var rowSize: Int { tensor.bytes.count / max(1, tensor.rows) }

  /// Rows that are packed, written and digested in one step: some megabytes, in whole groups.
  var rowsAtOnce: Int { max(1, (4 << 20) / max(1, rowSize * rowGroup)) * rowGroup }

  /// The steps' bytes, from the start of the tensor.
  var steps: StrideTo<Int> { stride(from: 0, to: tensor.bytes.count, by: rowsAtOnce * rowSize) }
}
