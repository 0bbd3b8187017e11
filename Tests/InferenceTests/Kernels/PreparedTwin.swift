import CKernels

/// What a kernel sees of a vector: the plain twin of `ck_prepare_activation`.
enum PreparedTwin {
  static func numbers(_ x: [Float], activation: Int32) -> [Double] {
    switch UInt32(activation) {
    case CK_ACTIVATION_Q8.rawValue, CK_ACTIVATION_Q8_HALVES.rawValue:
      return stride(from: 0, to: x.count, by: 32).flatMap { eights(Array(x[$0..<($0 + 32)])) }
    case CK_ACTIVATION_Q8_K.rawValue:
      return stride(from: 0, to: x.count, by: 256).flatMap { eightsOfK(Array(x[$0..<($0 + 256)])) }
    case CK_ACTIVATION_SUMS_14.rawValue, CK_ACTIVATION_SUMS_10.rawValue:
      let most: Float = UInt32(activation) == CK_ACTIVATION_SUMS_14.rawValue ? 8191 : 511
      return stride(from: 0, to: x.count, by: 128).flatMap {
        whole(Array(x[$0..<min(x.count, $0 + 128)]), most: most)
      }
    default:
      return x.map(Double.init)
    }
  }

  /// One scale for all, rounded to f16.
  static func eights(_ x: [Float]) -> [Double] {
    let most = x.map(abs).max() ?? 0
    let factor = most > 0 ? 127 / most : 0
    let scale = Double(Float16(most / 127))
    return x.map { Double(($0 * factor).rounded(.toNearestOrEven)) * scale }
  }

  /// The number farthest from zero becomes -127.
  private static func eightsOfK(_ x: [Float]) -> [Double] {
    guard let far = x.max(by: { abs($0) < abs($1) }), far != 0 else { return x.map { _ in 0 } }
    let factor = -127 / far
    return x.map { Double(($0 * factor).rounded(.toNearestOrEven)) * Double(1 / factor) }
  }

  /// One scale for all; the greatest becomes `most`.
  private static func whole(_ x: [Float], most: Float) -> [Double] {
    let far = x.map(abs).max() ?? 0
    guard far > 0 else { return x.map { _ in 0 } }
    let factor = most / far
    return x.map { Double(($0 * factor).rounded(.toNearestOrEven)) * Double(far / most) }
  }
}
