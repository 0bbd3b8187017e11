/// What an answer is charged by. Classes of input do not overlap; `reasoning` and `outputAudio` are
/// parts of `output`, `inputAudio` and `inputImages` parts of `input`.
package struct TokenUsage: Hashable, Sendable {
  /// Read at full price: neither from a cache nor written to one.
  package var input = 0
  package var cacheRead = 0
  package var cacheWrite5m = 0
  package var cacheWrite1h = 0
  package var output = 0
  package var reasoning = 0
  package var inputAudio = 0
  package var inputImages = 0
  package var outputAudio = 0
  package var outputImages = 0
  /// Searches and the like that the provider ran.
  package var providerCalls = 0

  package init() {}

  package var cacheWrite: Int { Self.sum(cacheWrite5m, cacheWrite1h) }
  package var totalInput: Int { Self.sum(Self.sum(input, cacheRead), cacheWrite) }
  package var total: Int { Self.sum(totalInput, output) }

  /// A count as a provider gives it: never negative, never so large that sums overflow.
  static func count(_ json: JSON?) -> Int {
    guard let number = json?.number else { return 0 }
    if let int = number.int { return min(max(int, 0), 1 << 40) }
    guard let double = number.double, double > 0 else { return 0 }
    return double < 1e12 ? Int(double.rounded(.up)) : 1 << 40
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  /// The larger of two counts of the same answer, class by class: what a later frame leaves out
  /// stays as an earlier one gave it.
  package func merged(with later: TokenUsage) -> TokenUsage {
    var usage = self
    usage.input = max(input, later.input)
    usage.cacheRead = max(cacheRead, later.cacheRead)
    usage.cacheWrite5m = max(cacheWrite5m, later.cacheWrite5m)
    usage.cacheWrite1h = max(cacheWrite1h, later.cacheWrite1h)
    usage.output = max(output, later.output)
    usage.reasoning = max(reasoning, later.reasoning)
    usage.inputAudio = max(inputAudio, later.inputAudio)
    usage.inputImages = max(inputImages, later.inputImages)
    usage.outputAudio = max(outputAudio, later.outputAudio)
    usage.outputImages = max(outputImages, later.outputImages)
    usage.providerCalls = max(providerCalls, later.providerCalls)
    return usage
  }
}
