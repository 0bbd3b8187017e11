import CKernels
import Foundation

/// Sums in the orders that ggml has with AVX-512: so many lanes, each a chain of fused products, folded
/// in halves at the end.
enum FusedTwin {
  /// Whether products at a level are rounded once, with what they are added to.
  static func isFused(_ level: ck_level) -> Bool {
    #if arch(x86_64)
      level.rawValue >= CK_LEVEL_AVX2.rawValue
    #else
      true
    #endif
  }

  static func fold(_ lanes: [Float]) -> Float {
    var lanes = lanes
    while lanes.count > 1 {
      let half = lanes.count / 2
      lanes = (0..<half).map { lanes[$0] + lanes[$0 + half] }
    }
    return lanes[0]
  }

  /// - Parameter first: the number of the first product, which says to which lane it goes.
  static func dot(_ a: [Float], _ b: [Float], lanes: Int, from first: Int = 0) -> Float {
    var sums = [Float](repeating: 0, count: lanes)
    for (i, (x, y)) in zip(a, b).enumerated() {
      sums[(first + i) % lanes] = sums[(first + i) % lanes].addingProduct(x, y)
    }
    return fold(sums)
  }

  static func exp(_ x: Float) -> Float {
    if x < -120 { return 0 }
    if x > 120 { return .infinity }
    let n = Float(12_582_912).addingProduct(x, 0x1.715476p+0) - 12_582_912
    var r = x.addingProduct(-n, 0x1.62e4p-1)
    r = r.addingProduct(-n, 0x1.7f7d1cp-20)
    let square = r * r
    let high = Float(0x1.573e2ep-5).addingProduct(0x1.0e4020p-7, r)
    let middle = Float(0x1.fffdb6p-2).addingProduct(0x1.555e66p-3, r)
    let low = Float(1).addingProduct(0x1.ffffecp-1, r)
    let p = low.addingProduct(middle.addingProduct(high, square), square)
    return Float(scalbn(Double(p), Int(n)))
  }
}
