import CKernels
import Testing

@testable import Inference

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The vector operations against their plain twins in Double, at each level of this machine.
@Suite struct VectorTests {
  static let levels = MatrixKernelTests.levels
  static let counts = [1, 2, 15, 16, 17, 31, 64, 100, 576, 1000]

  @Test(arguments: levels) func `norms are those of the twins`(level: ck_level) {
    var random = SplitMix(seed: 21)
    for count in Self.counts {
      let x = random.vector(count)
      let weight = random.vector(count)
      let bias = random.vector(count)
      var y = [Float](repeating: 0, count: count)
      ck_rms_norm(x, weight, &y, count, 1e-5, level)
      let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
      expect(y, near: zip(x, weight).map { Double($0) / (mean + 1e-5).squareRoot() * Double($1) })

      ck_layer_norm(x, weight, bias, &y, count, 1e-12, level)
      let middle = x.reduce(0) { $0 + Double($1) } / Double(count)
      let variance = x.reduce(0) { $0 + (Double($1) - middle) * (Double($1) - middle) }
      let deviation = (variance / Double(count) + 1e-12).squareRoot()
      guard count > 1 else { continue }
      expect(
        y,
        near: (0..<count).map {
          (Double(x[$0]) - middle) / deviation * Double(weight[$0]) + Double(bias[$0])
        },
        within: 1e-5
      )
    }
  }

  @Test(arguments: levels, [CK_ROPE_NEIGHBOURS, CK_ROPE_HALVES])
  func `positions turn pairs and leave the rest`(level: ck_level, layout: ck_rope_layout) {
    var random = SplitMix(seed: 22)
    for (length, rotated) in [(2, 2), (64, 64), (128, 128), (80, 64), (96, 40)] {
      let angles = (0..<(rotated / 2)).map { _ in Double(random.normal()) * 3 }
      let cosines = angles.map { Float(cos($0)) }
      let sines = angles.map { Float(sin($0)) }
      let x = random.vector(3 * length)
      var expected = x.map(Double.init)
      for head in 0..<3 {
        for i in 0..<(rotated / 2) {
          let a = head * length + (layout == CK_ROPE_HALVES ? i : 2 * i)
          let b = layout == CK_ROPE_HALVES ? a + rotated / 2 : a + 1
          let (p, q) = (Double(x[a]), Double(x[b]))
          expected[a] = p * Double(cosines[i]) - q * Double(sines[i])
          expected[b] = p * Double(sines[i]) + q * Double(cosines[i])
        }
      }
      var turned = x
      ck_rope(&turned, 3, length, rotated, cosines, sines, layout, level)
      expect(turned, near: expected)
    }
  }

  @Test(arguments: levels) func `softmax and what chooses a token are those of the twins`(
    level: ck_level
  ) {
    var random = SplitMix(seed: 23)
    for count in Self.counts {
      let x = random.vector(count)
      let scale = 0.7
      let most = x.max() ?? 0
      let powers = x.map { exp((Double($0) - Double(most)) * scale) }
      let sum = powers.reduce(0, +)
      var y = x
      ck_softmax(&y, count, Float(scale), level)
      for (found, power) in zip(y, powers) where power > 1e-30 {
        #expect(abs(Double(found) / (power / sum) - 1) < 3e-6)
      }
      #expect(ck_maximum(x, count, level) == most)
      #expect(Int(ck_argmax(x, count, level)) == x.firstIndex(of: most))
      let log = Double(most) + Glibc.log(x.reduce(0) { $0 + exp(Double($1) - Double(most)) })
      #expect(abs(Double(ck_log_sum_exp(x, count, level)) - log) < 1e-5)
    }
    let low: [Float] = [-.infinity, -3, .nan, -1000, -3]
    #expect(ck_maximum(low, 5, level) == -3)
    #expect(ck_argmax(low, 5, level) == 1)
    var masked: [Float] = [-.infinity, 0, 0, -.infinity]
    ck_softmax(&masked, 4, 1, level)
    #expect(masked == [0, 0.5, 0.5, 0])
  }

  @Test(arguments: levels) func `activations are those of the twins`(level: ck_level) {
    var random = SplitMix(seed: 24)
    for count in Self.counts {
      let x = random.vector(count).enumerated().map { $0 % 7 == 0 ? $1 * 30 : $1 }
      let up = random.vector(count)
      var y = x
      ck_silu_times(x, up, &y, count, level)
      expect(y, near: zip(x, up).map { Double($0) / (1 + exp(-Double($0))) * Double($1) })
      let gelu = x.map { x in
        let x = Double(x)
        return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
      }
      ck_gelu_times(x, up, &y, count, level)
      expect(y, near: zip(gelu, up).map { $0 * Double($1) })
      y = x
      ck_gelu_tanh(&y, count, level)
      expect(y, near: gelu)
      y = x
      ck_gelu_erf(&y, count, level)
      expect(y, near: x.map { 0.5 * Double($0) * (1 + erf(Double($0) / 2.0.squareRoot())) })
      y = x
      ck_soft_cap(&y, count, 30, level)
      expect(y, near: x.map { 30 * tanh(Double($0) / 30) })
      y = x
      ck_add(&y, up, count, level)
      #expect(y == zip(x, up).map { $0 + $1 })
      ck_scale(&y, count, 0.25, level)
      #expect(y == zip(x, up).map { ($0 + $1) * 0.25 })
    }
  }

  @Test(arguments: levels) func `rows of a cache round as the twins do`(level: ck_level) {
    var random = SplitMix(seed: 25)
    for count in [32, 64, 96, 128, 576] {
      var x = random.vector(count)
      if count == 64 { x.replaceSubrange(0..<32, with: [Float](repeating: 0, count: 32)) }
      if count == 96 { x[3] = 1e-7 }
      var halves = [UInt16](repeating: 0, count: count)
      ck_cache_row(CK_CACHE_F16, x, &halves, count, level)
      #expect(halves == x.map { Float16($0).bitPattern })
      #expect(ck_cache_row_size(CK_CACHE_F16, count) == count * 2)

      var row = [UInt8](repeating: 0, count: ck_cache_row_size(CK_CACHE_Q8, count))
      #expect(row.count == count / 32 * 34)
      ck_cache_row(CK_CACHE_Q8, x, &row, count, level)
      let seen = TensorType.q80.numbers(row)
      let expected = stride(from: 0, to: count, by: 32).flatMap {
        PreparedTwin.eights(Array(x[$0..<($0 + 32)]))
      }
      let near = zip(seen, expected).allSatisfy { abs(Double($0) - $1) <= abs($1) * 1e-6 }
      #expect(near)
    }
  }

  /// `tolerance` is a share of the greatest number.
  private func expect(
    _ found: [Float],
    near expected: [Double],
    within tolerance: Double = 2e-6,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let size = expected.reduce(1e-3) { max($0, abs($1)) }
    let far = zip(found, expected).map { abs(Double($0) - $1) / size }
    let worst = far.contains(where: \.isNaN) ? Double.nan : far.max() ?? 0
    #expect(worst <= tolerance, sourceLocation: sourceLocation)
  }
}
