import CKernels
import Glibc

/// The tokens that may be drawn, with their logits.
struct Candidates {
  private var entries: [(token: Int32, logit: Float)]
  private let best: Float

  /// The token of the highest logit, the first of equals; nil if none is a finite number.
  static func likeliest(_ logits: UnsafeBufferPointer<Float>) -> Int32? {
    let index = ck_argmax(logits.baseAddress, logits.count, ck_machine_level())
    return index < logits.count && logits[index].isFinite ? Int32(index) : nil
  }

  /// Tokens less likely than e⁻²⁴ of the likeliest are left out: a draw at temperature 1 would see
  /// one in a vocabulary of 250,000 once in 100,000 draws, and sorting them all costs milliseconds.
  init(_ logits: UnsafeBufferPointer<Float>, best: Float, options: SamplingOptions) {
    self.best = best
    var floor = best - 24 * max(1, options.temperature)
    // `topP` counts the shares of tokens that `minP` leaves out.
    if options.topP == 1 { floor = max(floor, Self.floor(options, best: best)) }
    entries = []
    for index in logits.indices where logits[index] >= floor {
      entries.append((Int32(index), logits[index]))
    }
  }

  /// The least logit that `minP` leaves.
  private static func floor(_ options: SamplingOptions, best: Float) -> Float {
    options.minP > 0 ? best + log(options.minP) : -.infinity
  }

  /// Leaves what the options allow, the likeliest first if there are others than `minP`.
  mutating func cut(_ options: SamplingOptions) {
    guard options.topK > 0 || options.topP < 1 else { return }
    if options.topK > 0, options.topK < entries.count { keepLikeliest(options.topK) }
    entries.sort { $0.logit > $1.logit || ($0.logit == $1.logit && $0.token < $1.token) }
    guard options.topP < 1 else { return }
    let shares = entries.map { exp(Double($0.logit - best)) }
    let enough = shares.reduce(0, +) * Double(options.topP)
    var sum = 0.0
    let count = shares.firstIndex { share in
      sum += share
      return sum >= enough
    }
    if let count { entries.removeLast(entries.count - count - 1) }
    let floor = Self.floor(options, best: best)
    entries.removeAll { $0.logit < floor }
  }

  /// A heap of the likeliest so far, the least of them on top, so that the many others cost one
  /// comparison each.
  private mutating func keepLikeliest(_ count: Int) {
    func isLess(_ a: (token: Int32, logit: Float), _ b: (token: Int32, logit: Float)) -> Bool {
      a.logit < b.logit || (a.logit == b.logit && a.token > b.token)
    }
    var heap = Array(entries[..<count])
    func sift(_ start: Int) {
      var parent = start
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < count {
          if isLess(heap[child], heap[least]) { least = child }
        }
        guard least != parent else { return }
        heap.swapAt(parent, least)
        parent = least
      }
    }
    for start in stride(from: count / 2, through: 0, by: -1) { sift(start) }
    for entry in entries[count...] where isLess(heap[0], entry) {
      heap[0] = entry
      sift(0)
    }
    entries = heap
  }

  /// The token at a point between 0 and 1 of all shares laid one after the other.
  func draw(temperature: Float, at point: Double) -> Int32? {
    let shares = entries.map { exp(Double(($0.logit - best) / temperature)) }
    var rest = point * shares.reduce(0, +)
    for (entry, share) in zip(entries, shares) {
      rest -= share
      if rest < 0 { return entry.token }
    }
    return entries.last?.token
  }
}
