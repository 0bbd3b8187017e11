/// How many tokens of each answer go into one step.
enum StepPlan {
  /// Tokens of a prompt that a step takes at least, while the prompt has so many: kernels
  /// sum fewer in another order, and how a prompt is cut must not show in what comes of it.
  static let least = 4

  /// One for each answer that is being written, and a chunk of what is left of prompts, in equal
  /// parts, so that neither a long prompt nor an early one holds up the others.
  ///
  /// What would be left of a prompt below `least` is taken with the rest, beyond the chunk.
  ///
  /// - Parameter left: tokens of each prompt that are still to be computed; 0: an answer is written.
  static func tokens(left: [Int], chunk: Int, sharedChunk: Int) -> [Int] {
    let writing = left.count { $0 == 0 }
    var tokens = left.map { $0 == 0 ? 1 : 0 }
    var free = writing == 0 ? chunk : sharedChunk
    var open = left.indices.filter { left[$0] > 0 }
    while free > 0, !open.isEmpty {
      let part = max(least, free / open.count)
      for index in open where free > 0 {
        let rest = left[index] - tokens[index]
        let taken = min(rest, max(least, min(part, free)))
        tokens[index] += rest - taken < least ? rest : taken
        free -= taken
      }
      open = open.filter { tokens[$0] < left[$0] }
    }
    return tokens
  }
}
