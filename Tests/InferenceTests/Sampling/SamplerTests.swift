import Testing

@testable import Inference

@Suite struct SamplerTests {
  private func choose(
    _ logits: [Float],
    seed: UInt64 = 1,
    prompt: [Int32] = [],
    _ change: (inout SamplingOptions) -> Void
  ) -> Sampler.Choice? {
    var options = SamplingOptions()
    options.seed = seed
    change(&options)
    var sampler = Sampler(options: options, prompt: prompt)
    var logits = logits
    return logits.withUnsafeMutableBufferPointer { sampler.choose(from: $0, constraint: nil) }
  }

  private func drawn(_ logits: [Float], _ change: (inout SamplingOptions) -> Void) -> [Int32: Int] {
    var counts: [Int32: Int] = [:]
    for seed in 0..<4000 {
      if let token = choose(logits, seed: UInt64(seed), change)?.token {
        counts[token, default: 0] += 1
      }
    }
    return counts
  }

  @Test func `at temperature 0 the likeliest comes, the first of equals`() {
    #expect(choose([1, 3, 3, 2]) { $0.temperature = 0 }?.token == 1)
    #expect(choose([.nan, 1, .nan]) { $0.temperature = 0 }?.token == 1)
    #expect(choose([.nan, -.infinity]) { $0.temperature = 0 } == nil)
    #expect(choose([]) { $0.temperature = 1 } == nil)
  }

  @Test func `tokens come as often as their shares say`() {
    // Shares of 8, 4, 2, 1 in 15.
    let counts = drawn([3, 2, 1, 0].map { $0 * 0.693147 }) { _ in }
    for (token, share) in [(0, 8.0), (1, 4), (2, 2), (3, 1)] {
      #expect(abs(Double(counts[Int32(token)] ?? 0) - share / 15 * 4000) < 130)
    }
  }

  @Test func `what topK, topP and minP leave out never comes`() {
    let logits: [Float] = [0, 3, 1, 2].map { $0 * 0.693147 }
    #expect(Set(drawn(logits) { $0.topK = 2 }.keys) == [1, 3])
    // 8/15 and 4/15 are 0.8 together.
    #expect(Set(drawn(logits) { $0.topP = 0.79 }.keys) == [1, 3])
    #expect(Set(drawn(logits) { $0.topP = 0.81 }.keys) == [1, 3, 2])
    #expect(Set(drawn(logits) { $0.minP = 0.3 }.keys) == [1, 3])
    #expect(Set(drawn(logits) { $0.topK = 1 }.keys) == [1])
  }

  @Test func `topP counts what minP leaves out`() {
    // 8, 4, 2, 1 in 15: topP needs 8 + 4, and minP leaves both. Of their 12 alone, 8 would do.
    let logits: [Float] = [0, 3, 1, 2].map { $0 * 0.693147 }
    let counts = drawn(logits) {
      $0.topP = 0.6
      $0.minP = 0.4
    }
    #expect(Set(counts.keys) == [1, 3])
    let fewer = drawn(logits) {
      $0.topP = 0.9
      $0.minP = 0.4
    }
    #expect(Set(fewer.keys) == [1, 3])
  }

  @Test func `a penalty that would make a logit infinite is refused`() {
    var options = SamplingOptions()
    for penalty: Float in [0, .leastNonzeroMagnitude, 0.0099, 101, .nan, .infinity] {
      options.repetitionPenalty = penalty
      #expect(options.objection == "the repetition penalty must be 0.01 to 100")
    }
    options.repetitionPenalty = 0.01
    #expect(options.objection == nil)
  }

  @Test func `penalties make what was seen less likely`() {
    #expect(
      choose([5, 4], prompt: [0]) {
        $0.temperature = 0; $0.repetitionPenalty = 1.5
      }?.token == 1
    )
    #expect(
      choose([5, 4], prompt: [0]) {
        $0.temperature = 0; $0.presencePenalty = 1.5
      }?.token == 1
    )
    let frequency: (inout SamplingOptions) -> Void = {
      $0.temperature = 0
      $0.frequencyPenalty = 0.4
    }
    #expect(choose([5, 4], prompt: [0, 0], frequency)?.token == 0)
    #expect(choose([5, 4], prompt: [0, 0, 0], frequency)?.token == 1)
    #expect(
      choose([5, 4], prompt: [0, 0, 0, 1]) {
        frequency(&$0); $0.penaltyWindow = 2
      }?.token == 0
    )
  }

  @Test func `logprobs are of the model, before any option`() throws {
    let choice = try #require(
      choose([0, 1.0986123, 0], prompt: [1]) {
        $0.temperature = 0
        $0.presencePenalty = 50
        $0.logprobs = 2
      }
    )
    #expect(choice.token == 0)
    #expect(abs((choice.logprob ?? 0) + 1.6094379) < 1e-5)
    #expect(choice.likeliest.map(\.token) == [1, 0])
    #expect(abs(choice.likeliest[0].logprob + 0.5108256) < 1e-5)
  }

  @Test func `what is no number has no logprob, and takes none away`() throws {
    let choice = try #require(
      choose([.nan, 1, -.infinity, 1]) {
        $0.temperature = 0
        $0.logprobs = 4
      }
    )
    #expect(choice.likeliest.map(\.token) == [1, 3])
    #expect(choice.likeliest.allSatisfy { abs($0.logprob + 0.6931472) < 1e-5 })
    #expect(choice.logprob == choice.likeliest[0].logprob)
  }

  @Test func `the numbers of a seed are those of the published generator`() {
    // xoshiro256** on a state that SplitMix64 makes of 0: both as their authors publish them.
    var random = RandomStream(seed: 0)
    #expect(
      (0..<3).map { _ in random.next() } == [
        0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0,
      ]
    )
  }
}
