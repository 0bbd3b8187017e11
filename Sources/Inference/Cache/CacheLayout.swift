import CKernels

/// How the numbers of a cache lie, and how many bytes they take.
package struct CacheLayout: Sendable, Equatable {
  /// 16-bit floats, or 8 bits with a 16-bit scale for 32 numbers.
  package enum Form: Sendable { case f16, q8 }

  package let form: Form
  package let layers: Int
  package let heads: Int
  package let headSize: Int
  /// Positions of the longest sequence.
  package let positions: Int
  /// Bytes of one head's key or value at one position.
  package let rowSize: Int
  /// Bytes of all positions of one head's keys or values, in whole pages, so that no two heads'
  /// strips share one.
  package let stripSize: Int

  /// - Parameter shape: its numbers are bounded, so that no product here overflows.
  package init(_ shape: ModelShape, form: Form, positions: Int) {
    self.form = form
    layers = shape.layers
    heads = shape.cacheHeads
    headSize = shape.headSize
    self.positions = positions
    rowSize = ck_cache_row_size(form.code, shape.headSize)
    stripSize = (positions * rowSize + 4095) / 4096 * 4096
  }

  /// Heads' keys and heads' values of all layers.
  var strips: Int { 2 * layers * heads }
  var slotSize: Int { strips * stripSize }
  /// Bytes that one position takes over all layers.
  package var positionSize: Int { strips * rowSize }
}

extension CacheLayout.Form {
  var code: ck_cache_form {
    switch self {
    case .f16: CK_CACHE_F16
    case .q8: CK_CACHE_Q8
    }
  }
}
