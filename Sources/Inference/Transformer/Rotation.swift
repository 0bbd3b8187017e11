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

  /// The angle that one position adds to each pair, and what sine and cosine are multiplied by.
  ///
  /// - Parameter divisors: one number a pair, as Llama 3's files carry them (`rope_freqs.weight`).
  func frequencies(base: Double, divisors: [Float]?) -> (angles: [Double], magnitude: Float) {
    let pairs = size / 2
    var angles = [Double](repeating: 0, count: pairs)
    for pair in 0..<pairs {
      var angle = pow(base, -2 * Double(pair) / Double(size))
      if let divisors, pair < divisors.count { angle /= Double(divisors[pair]) }
      angles[pair] = angle
    }
    switch scaling {
    case .none: return (angles, 1)
    case .linear(let factor): return (angles.map { $0 / factor }, 1)
    case .yarn(let factor, let trained, let fast, let slow, let extrapolation, let attention):
      let low = max(0, border(turns: fast, trained: trained, base: base).rounded(.down))
      let high = min(
        Double(size - 1),
        border(turns: slow, trained: trained, base: base).rounded(.up)
      )
      for pair in 0..<pairs {
        let ramp = (Double(pair) - low) / max(0.001, high - low)
        let kept = (1 - min(1, max(0, ramp))) * extrapolation
        angles[pair] = angles[pair] * (1 - kept) / factor + angles[pair] * kept
      }
      let stretch = extrapolation == 0 ? 1 : 1 + 0.1 * log(factor)
      return (angles, Float(attention * stretch))
    }
  }

  /// The pair that turns so many times around within the trained positions.
  private func border(turns: Double, trained: Int, base: Double) -> Double {
    Double(size) * log(Double(trained) / (turns * 2 * Double.pi)) / (2 * log(base))
  }
}
