import Synchronization
import Testing

@testable import Inference

@Suite struct EngineTests {
  @Test func `eight answers at once are the same as each alone`() async throws {
    let requests = (0..<8).map {
      GenerationRequest(TinyModel.prompt(20 + 9 * $0, seed: UInt64($0)), limit: 40)
    }
    var alone: [Outcome] = []
    for request in requests {
      alone.append(try await Outcome(alone: request))
    }
    let engine = try TinyModel.engine { $0.cachePositions = 2048 }
    let generations = try requests.map { try engine.generate($0) }
    for (generation, outcome) in zip(generations, alone) {
      #expect(await Outcome(generation) == outcome)
    }
    #expect(alone.allSatisfy { $0.tokens.count == 40 && $0.reason == .length })
    #expect(Set(alone.map(\.tokens)).count == 8)
  }

  @Test func `answers written at the same time advance together`() async throws {
    let log = Mutex<[Int]>([])
    let engine = try TinyModel.engine { $0.cachePositions = 2048 }
    let generations = try (0..<8).map { index in
      var request = GenerationRequest(TinyModel.prompt(10, seed: UInt64(index)), limit: 60)
      request.constraint = TokenConstraint(
        allows: { _ in true },
        mask: { TokenMask(count: 96, allowing: true) },
        accept: { _ in log.withLock { $0.append(index) } }
      )
      return try engine.generate(request)
    }
    for generation in generations { _ = await Outcome(generation) }
    var counts = [Int](repeating: 0, count: 8)
    var greatest = 0
    for index in log.withLock({ $0 }) {
      counts[index] += 1
      // From when all have begun until the first has ended.
      if let low = counts.min(), let high = counts.max(), low > 0, high < 60 {
        greatest = max(greatest, high - low)
      }
    }
    #expect(counts == [Int](repeating: 60, count: 8))
    // The later ones began a step or few later, and stay as far behind.
    #expect(greatest <= 10)
  }

  @Test func `a prompt that begins as an earlier one is not computed twice`() async throws {
    func greedy(_ prompt: [Int32], limit: Int) -> GenerationRequest {
      var request = GenerationRequest(prompt, limit: limit)
      request.sampling.temperature = 0
      request.sampling.seed = nil
      return request
    }
    let engine = try TinyModel.engine()
    let prompt = TinyModel.prompt(60, seed: 1)
    let first = await Outcome(try engine.generate(greedy(prompt, limit: 10)))
    let computed = engine.status.promptTokens
    let longer = prompt + first.tokens + TinyModel.prompt(5, seed: 2)
    let second = await Outcome(try engine.generate(greedy(longer, limit: 20)))
    // The last token of an answer was never fed back, so its keys and values are not there.
    #expect(second.reused == 69)
    #expect(engine.status.promptTokens - computed == 6)
    var fresh = try await Outcome(alone: greedy(longer, limit: 20))
    fresh.reused = 69
    #expect(second == fresh)
    let branch = Array(prompt[..<40]) + TinyModel.prompt(5, seed: 3)
    let third = await Outcome(try engine.generate(greedy(branch, limit: 20)))
    #expect(third.reused == 40)
    var other = try await Outcome(alone: greedy(branch, limit: 20))
    other.reused = 40
    #expect(third == other)
  }

  @Test func `a seed gives the same answer again, and another seed another`() async throws {
    let engine = try TinyModel.engine()
    var request = GenerationRequest(TinyModel.prompt(10, seed: 1), limit: 30)
    request.sampling.temperature = 2
    request.sampling.seed = 7
    request.sampling.logprobs = 2
    let first = await Outcome(try engine.generate(request))
    var second = await Outcome(try engine.generate(request))
    #expect(second.reused == 6)
    second.reused = first.reused
    #expect(first == second)
    #expect(first.logprobs.count == 30 && first.logprobs.allSatisfy { $0 < 0 })
    request.sampling.seed = 8
    #expect(await Outcome(try engine.generate(request)).tokens != first.tokens)
  }

  @Test func `an answer ends at its limit and when the context is full`() async throws {
    let engine = try TinyModel.engine { $0.contextLength = 64 }
    var request = GenerationRequest(TinyModel.prompt(50, seed: 1), limit: 5)
    let limited = await Outcome(try engine.generate(request))
    #expect(limited.tokens.count == 5 && limited.reason == .length)
    request.limit = nil
    let full = await Outcome(try engine.generate(request))
    #expect(full.tokens.count == 14 && full.reason == .length)
    request.limit = 0
    let none = await Outcome(try engine.generate(request))
    #expect(none.tokens.isEmpty && none.reason == .length)
  }

  @Test func `an answer of no tokens takes no place from what is kept`() async throws {
    let engine = try TinyModel.engine { $0.cachePositions = 256 }
    let kept = GenerationRequest(TinyModel.prompt(60, seed: 1), limit: 10)
    _ = await Outcome(try engine.generate(kept))
    let none = GenerationRequest(TinyModel.prompt(200, seed: 2), limit: 0)
    #expect(await Outcome(try engine.generate(none)).reason == .length)
    #expect(await Outcome(try engine.generate(kept)).reused > 50)
  }

  @Test func `what cannot be worked on is refused with the numbers`() throws {
    let engine = try TinyModel.engine { $0.contextLength = 64 }
    #expect(throws: EngineError.tooLong(prompt: 64, contextLength: 64)) {
      try engine.generate(GenerationRequest(prompt: TinyModel.prompt(64, seed: 1)))
    }
    #expect(throws: EngineError.emptyPrompt) { try engine.generate(GenerationRequest(prompt: [])) }
    for token: Int32 in [-1, 96, .max] {
      #expect(throws: EngineError.unknownToken(token, vocabulary: 96)) {
        try engine.generate(GenerationRequest(prompt: [1, token]))
      }
    }
    var request = GenerationRequest(prompt: [1])
    request.sampling.topP = .nan
    #expect(throws: EngineError.sampling("top_p must be above 0 and at most 1")) {
      try engine.generate(request)
    }
    #expect(throws: EngineError.options("contextLength is 512, allowed is 1...256")) {
      try TinyModel.engine { $0.contextLength = 512 }
    }
  }

  @Test func `more requests than may wait are refused`() async throws {
    let engine = try TinyModel.engine {
      $0.parallel = 1
      $0.queueLimit = 2
    }
    let request = GenerationRequest(TinyModel.prompt(10, seed: 1), limit: 200)
    var accepted: [Generation] = []
    var refused: EngineError?
    for _ in 0..<10 {
      do { accepted.append(try engine.generate(request)) } catch {
        refused = error
        break
      }
    }
    #expect(refused == .queueFull(limit: 2))
    for generation in accepted { #expect(await Outcome(generation).reason == .length) }
    #expect(await Outcome(try engine.generate(request)).tokens.count == 200)
  }

  @Test func `a cancelled answer ends, and makes room`() async throws {
    let engine = try TinyModel.engine { $0.parallel = 1 }
    let request = GenerationRequest(TinyModel.prompt(10, seed: 1), limit: 240)
    let first = try engine.generate(request)
    let waiting = try engine.generate(request)
    waiting.cancel()
    var end: GenerationEnd?
    var tokens = 0
    for await event in first.events {
      if case .token = event { tokens += 1 }
      if tokens == 3 { first.cancel() }
      if case .ended(let reason) = event { end = reason }
    }
    #expect(end?.reason == .cancelled || tokens == 240)
    #expect(await Outcome(waiting).reason == .cancelled)
    #expect(await Outcome(try engine.generate(request)).tokens.count == 240)
  }

  @Test func `an engine that goes ends its answers`() async throws {
    var engine: Engine? = try TinyModel.engine()
    let generation = try engine?.generate(
      GenerationRequest(TinyModel.prompt(10, seed: 1), limit: 240)
    )
    engine = nil
    let outcome = await Outcome(try #require(generation))
    #expect(outcome.reason == .cancelled || outcome.tokens.count == 240)
  }

  @Test func `a stop string ends an answer and is never given, in part or whole`() async throws {
    let engine = try TinyModel.engine()
    var request = GenerationRequest(TinyModel.prompt(10, seed: 5), limit: 40)
    let plain = await Outcome(try engine.generate(request))
    let letters = Array(plain.text)
    let stop = String(letters[10..<13])
    request.stops = ["no such text", stop]
    let stopped = await Outcome(try engine.generate(request))
    let before = try #require(plain.text.ranges(of: stop).first).lowerBound
    #expect(stopped.text == plain.text[..<before])
    #expect(stopped.reason == .stopString)
    // The last letters begin the stop string, and it is not finished.
    request.stops = [String(letters[38...]) + "never"]
    let unfinished = await Outcome(try engine.generate(request))
    #expect(unfinished.text == plain.text && unfinished.reason == .length)
  }

  @Test func `a constraint holds each token`() async throws {
    let engine = try TinyModel.engine()
    var request = GenerationRequest(TinyModel.prompt(10, seed: 5), limit: 20)
    request.sampling.temperature = 1
    var mask = TokenMask(count: 96, allowing: false)
    for token in stride(from: 0, to: 96, by: 3) { mask[token] = true }
    let allowed = mask
    request.constraint = TokenConstraint(
      allows: { allowed[Int($0)] },
      mask: { allowed },
      accept: { _ in }
    )
    let outcome = await Outcome(try engine.generate(request))
    #expect(outcome.tokens.count == 20 && outcome.tokens.allSatisfy { $0 % 3 == 0 })
    request.constraint = TokenConstraint(
      allows: { _ in false },
      mask: { TokenMask(count: 96, allowing: false) },
      accept: { _ in }
    )
    let failed = await Outcome(try engine.generate(request))
    #expect(
      failed.reason == .failed("the grammar allows no token here; simplify the schema")
    )
  }

  @Test func `memory is known before, and kept within its bounds`() async throws {
    let engine = try TinyModel.engine {
      $0.contextLength = 64
      $0.cachePositions = 100
      $0.parallel = 4
    }
    // 2 layers, keys and values, 2 heads of 32 numbers of 2 bytes.
    #expect(engine.memory.cache == 100 * 2 * 2 * 2 * 64)
    let generations = try (0..<12).map {
      try engine.generate(GenerationRequest(TinyModel.prompt(30, seed: UInt64($0)), limit: 20))
    }
    for generation in generations {
      #expect(await Outcome(generation).tokens.count == 20)
      #expect(engine.status.cachedPositions <= 100)
    }
  }
}
