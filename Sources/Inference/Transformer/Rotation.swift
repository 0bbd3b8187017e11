import Glibc

/// How a position turns pairs of numbers of a query or key (RoPE), and how that is stretched to
/// positions beyond those a model was trained on.
package struct Rotation: Sendable, Equatable {
  /// Which two numbers of a head turn together.
  package enum Pairs: Sendable { case neighbours, halves }

  package enum Scaling: Sendable, Equatable {
    case none
    case linear(factor: Double)
    /// YaRN (Peng et al. 2023): low frequencies are stretched, high ones stay.
    case yarn(
      factor: Double,
      trained: Int,
      fast: Double,
      slow: Double,
      extrapolation: Double,
      attention: Double
    )
  }

  package var pairs: Pairs
  /// Numbers of a head that turn; the rest stays.
  package var size: Int
  package var base: Double
  package var scaling: Scaling

  /// - Parameter divisors: one number a pair, as Llama 3's files carry them (`rope_freqs.weight`).
  func turns(base: Double, divisors: [Float]?) -> Turns {
    let pairs = size / 2
    var turns = Turns(
      step: powf(Float(base), -2 / Float(size)),
      divisors: (0..<pairs).map { pair in
        divisors.flatMap { pair < $0.count ? $0[pair] : nil } ?? 1
      },
      kept: [Float](repeating: 0, count: pairs)
    )
    switch scaling {
    case .none: break
    case .linear(let factor): turns.stretch = Float(1 / factor)
    case .yarn(let factor, let trained, let fast, let slow, let extrapolation, let attention):
      let low = max(0, border(turns: fast, trained: trained, base: base).rounded(.down))
      let high = min(
        Double(size - 1),
        border(turns: slow, trained: trained, base: base).rounded(.up)
      )
      for pair in 0..<pairs {
        let ramp = (Float(pair) - Float(low)) / max(0.001, Float(high) - Float(low))
        turns.kept[pair] = (1 - min(1, max(0, ramp))) * Float(extrapolation)
      }
      turns.stretch = Float(1 / factor)
      turns.magnitude = Float(attention)
      if extrapolation != 0 {
        turns.magnitude *= Float(1).addingProduct(0.1, logf(1 / turns.stretch))
      }
    }
    return turns
  }

  /// The pair that turns so many times around within the trained positions.
  private func border(turns: Double, trained: Int, base: Double) -> Double {
    Double(size) * log(Double(trained) / (turns * 2 * Double.pi)) / (2 * log(base))
  }
}

/// Cosines and sines of positions. In single precision and each angle from the one before, as llama.cpp
/// has them: at far positions a more exact angle is another one than its.
struct Turns: Sendable {
  /// What the angle of a pair is multiplied by for the next.
  let step: Float
  let divisors: [Float]
  /// What angles are multiplied by, but for the share of each pair that is kept as it was.
  var stretch: Float = 1
  var kept: [Float]
  /// What sine and cosine are multiplied by.
  var magnitude: Float = 1

  init(step: Float, divisors: [Float], kept: [Float]) {
    self.step = step
    self.divisors = divisors
    self.kept = kept
  }

  /// Writes a cosine a pair, then a sine a pair.
  func place(_ position: Int, _ out: UnsafeMutablePointer<Float>) {
    let pairs = divisors.count
    var angle = Float(position)
    for pair in 0..<pairs {
      let whole = angle / divisors[pair]
      var turned = stretch * whole
      if kept[pair] != 0 {
        turned = (whole * kept[pair]).addingProduct(turned, 1 - kept[pair])
      }
      out[pair] = cosf(turned) * magnitude
      out[pairs + pair] = sinf(turned) * magnitude
      angle *= step
    }
  }
}
