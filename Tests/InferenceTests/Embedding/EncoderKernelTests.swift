import CKernels
import Glibc
import Testing

@testable import Inference

/// The kernels of `encoder.h` beside what they compute, written plainly in Double.
@Suite struct EncoderKernelTests {
  static let levels: [ck_level] = [CK_LEVEL_PORTABLE, CK_LEVEL_AVX2, ck_machine_level()]
    .filter { $0.rawValue <= ck_machine_level().rawValue }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { _ in Float.random(in: -2...2, using: &random) }
  }

  @Test(arguments: levels)
  func `a dense layer of any size is the sum of products`(level: ck_level) {
    for (tokens, rows, width) in [(1, 1, 1), (5, 40, 7), (14, 32, 16), (29, 70, 33), (43, 96, 48)] {
      let x = numbers(tokens * width, 1)
      let weights = numbers(rows * width, 2)
      let bias = numbers(rows, 3)
      var packed = [Float](repeating: .nan, count: ck_encoder_packed_count(rows, width, level))
      ck_encoder_pack(weights, rows, width, &packed, level)
      // What lies behind is not written to.
      var y = [Float](repeating: 7, count: tokens * rows + 64)
      ck_encoder_dense(x, width, tokens, packed, rows, width, bias, &y, rows, level)
      for token in 0..<tokens {
        for row in 0..<rows {
          var sum = Double(bias[row])
          for index in 0..<width {
            sum += Double(x[token * width + index]) * Double(weights[row * width + index])
          }
          #expect(abs(Double(y[token * rows + row]) - sum) < 1e-4)
        }
      }
      #expect(y.suffix(64).allSatisfy { $0 == 7 })
    }
  }

  @Test(arguments: levels)
  func `GELU is that of the error function`(level: ck_level) {
    var x = stride(from: Float(-9), to: 9, by: 0.0137).map { $0 }
    let wanted = x.map { (value: Float) -> Double in
      let value = Double(value)
      return value * (1 + erf(value / 2.0.squareRoot())) / 2
    }
    ck_encoder_gelu(&x, x.count, level)
    #expect(zip(x, wanted).allSatisfy { abs(Double($0) - $1) < 2e-6 })
  }

  @Test(arguments: levels)
  func `attention weighs the values of all tokens`(level: ck_level) {
    for (tokens, heads, width) in [(1, 1, 32), (3, 2, 32), (35, 2, 32), (50, 3, 20), (17, 1, 64)] {
      let stride = 3 * heads * width
      let qkv = numbers(tokens * stride, 4)
      var scratch = [Float](repeating: .nan, count: ck_encoder_attention_scratch(tokens, width))
      var y = [Float](repeating: .nan, count: tokens * heads * width)
      ck_encoder_attention(
        qkv,
        stride,
        tokens,
        heads,
        width,
        &scratch,
        &y,
        heads * width,
        level
      )
      for token in 0..<tokens {
        for head in 0..<heads {
          func at(_ row: Int, _ part: Int, _ index: Int) -> Double {
            Double(qkv[row * stride + part * heads * width + head * width + index])
          }
          let chances = (0..<tokens).map { (other: Int) -> Double in
            var score = 0.0
            for index in 0..<width { score += at(token, 0, index) * at(other, 1, index) }
            return exp(score / Double(width).squareRoot())
          }
          let total = chances.reduce(0, +)
          for index in 0..<width {
            var wanted = 0.0
            for other in 0..<tokens { wanted += chances[other] / total * at(other, 2, index) }
            #expect(abs(Double(y[(token * heads + head) * width + index]) - wanted) < 1e-4)
          }
        }
      }
    }
  }
}
