import Testing

@testable import Inference

@Suite struct StepPaceTests {
  /// What chunks come to for a model whose steps take so long.
  private func chunks(fixed: Double, perToken: Double, steps: Int = 20) -> [Int] {
    var pace = StepPace()
    return (0..<steps).map { _ in
      let chunk = pace.chunk(atMost: 256)
      pace.note(tokens: chunk, seconds: fixed + perToken * Double(chunk), hasPrompt: true)
      return chunk
    }
  }

  @Test func `a chunk is as long as a moment, and whole where the model is quick`() {
    // Before anything is known, a few.
    #expect(
      chunks(fixed: 0.001, perToken: 0.0005) == [StepPlan.least] + [Int](repeating: 256, count: 19)
    )
    let slow = chunks(fixed: 0.05, perToken: 0.01)
    #expect(slow.dropFirst(4).allSatisfy { (18...20).contains($0) }, "\(slow)")
    // However slow, a step takes so many that it does not show in what comes of them.
    #expect(chunks(fixed: 0, perToken: 3).allSatisfy { $0 >= StepPlan.least })
  }

  @Test func `a chunk is worth the reading of the weights, however long that takes`() {
    let chunks = chunks(fixed: 0.4, perToken: 0.05)
    #expect(chunks.dropFirst().allSatisfy { (8...16).contains($0) }, "\(chunks)")
  }

  @Test func `a step that waited is soon forgotten`() {
    var pace = StepPace()
    pace.note(tokens: 16, seconds: 8, hasPrompt: true)
    pace.note(tokens: 4, seconds: 0.004, hasPrompt: true)
    #expect(pace.chunk(atMost: 256) == 250)
    pace.note(tokens: 250, seconds: 0.5, hasPrompt: true)
    #expect((160...170).contains(pace.chunk(atMost: 256)))
    // Writing is slower a token, and says nothing of prompts.
    pace.note(tokens: 1, seconds: 0.1, hasPrompt: false)
    #expect((160...170).contains(pace.chunk(atMost: 256)))
    #expect(pace.chunk(atMost: 32) == 32)
  }
}
