import Testing

@testable import Inference

@Suite struct StepPlanTests {
  @Test(arguments: [
    // Only a prompt: a whole chunk. With an answer being written: less.
    ([1000], [256]), ([1000, 0], [32, 1]), ([10], [10]),
    // Prompts share a chunk; what a short one leaves goes to the others.
    ([1000, 1000], [128, 128]), ([1000, 6], [250, 6]), ([1000, 0, 1000, 0], [16, 1, 16, 1]),
    ([Int](repeating: 100, count: 7) + [0], [8, 4, 4, 4, 4, 4, 4, 1]),
    ([0, 0], [1, 1]), ([], []),
    // Nothing is left that would be summed in another order.
    ([257], [257]), ([260], [256]), ([34, 0], [34, 1]), ([2], [2]),
    ([Int](repeating: 9, count: 12) + [0], [4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 1]),
  ])
  func `a step takes a token of each answer and parts of the prompts`(left: [Int], tokens: [Int]) {
    #expect(StepPlan.tokens(left: left, chunk: 256, sharedChunk: 32) == tokens)
  }
}
