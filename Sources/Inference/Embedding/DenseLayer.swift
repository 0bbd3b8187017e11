import CKernels

/// A matrix with a bias, packed for many tokens at once.
///
/// Unchecked because the block is written in `init` alone.
final class DenseLayer: @unchecked Sendable {
  let rows: Int
  /// Numbers of a row.
  let width: Int
  private let level: ck_level
  private let packed: FloatBlock
  private let bias: [Float]

  /// Several matrices of the same width, one below the other.
  init(_ parts: [(weights: SafetensorsFile.Tensor, bias: [Float])], width: Int, level: ck_level) {
    self.level = level
    self.width = width
    rows = parts.reduce(0) { $0 + $1.bias.count }
    bias = parts.flatMap(\.bias)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(rows * width * 4)
    for part in parts { bytes.append(contentsOf: part.weights.bytes) }
    packed = FloatBlock(count: ck_encoder_packed_count(rows, width, level))
    bytes.withUnsafeBytes { ck_encoder_pack($0.baseAddress, rows, width, packed.start, level) }
  }

  /// `tokens` rows of `width` become as many of `rows`.
  func apply(_ x: UnsafePointer<Float>, tokens: Int, to y: UnsafeMutablePointer<Float>) {
    ck_encoder_dense(x, width, tokens, packed.start, rows, width, bias, y, rows, level)
  }
}
