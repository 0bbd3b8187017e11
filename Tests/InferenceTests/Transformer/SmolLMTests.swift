import Testing

@testable import Inference

@Suite(.enabled(if: RealFiles.smollm != nil, "needs SmolLM2 below .build-models"))
struct SmolLMTests {
  /// What llama.cpp 4df29be makes of the chat template's text with "What is the capital of France?
  /// Answer in one sentence.", and what it answers greedily: gaps to the second best are above 0.88,
  /// further than 8-bit activations move a logit.
  private static let question: [Int32] = [
    1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407,
    19712, 8182, 2, 198, 1, 4093, 198, 1780, 314, 260, 3575, 282, 4649, 47, 19842, 281, 582, 6330,
    30, 2, 198, 1, 520, 9531, 198,
  ]
  private static let answer: [Int32] = [504, 3575, 282, 4649, 314, 7042, 30]

  @Test(arguments: [CacheLayout.Form.f16, .q8])
  func `the capital of France is Paris`(form: CacheLayout.Form) async throws {
    let model = try Model(file: GGUFFile(path: #require(RealFiles.smollm)))
    var options = EngineOptions()
    options.contextLength = 256
    options.cacheForm = form
    options.threads = 2
    let tokenizer = try Tokenizer(gguf: model.file)
    let engine = try Engine(model: model, text: TokenText(tokenizer), options: options)
    var request = GenerationRequest(prompt: Self.question)
    request.sampling.temperature = 0
    let outcome = await Outcome(try engine.generate(request))
    #expect(outcome.tokens == Self.answer)
    #expect(outcome.text == "The capital of France is Paris.")
    #expect(outcome.reason == .stop)
    let again = await Outcome(try engine.generate(request))
    #expect(again.reused == Self.question.count - 1 && again.tokens == Self.answer)
  }

  @Test func `a seed gives the same text again, whatever is known of the prompt`() async throws {
    let model = try Model(file: GGUFFile(path: #require(RealFiles.smollm)))
    var options = EngineOptions()
    options.contextLength = 128
    options.cachePositions = 1024
    options.threads = 2
    let tokenizer = try Tokenizer(gguf: model.file)
    let engine = try Engine(model: model, text: TokenText(tokenizer), options: options)
    let prompt = tokenizer.encode(
      "Once upon a time there was",
      addSpecial: true,
      parseSpecial: false
    )
    let request = GenerationRequest(prompt, limit: 20)
    let first = await Outcome(try engine.generate(request))
    // What was computed a token at a time is not used again for a seed; what was a prompt is.
    let again = await Outcome(try engine.generate(request))
    #expect(again.text == first.text && again.reused == prompt.count - 4)
    let longer = GenerationRequest(prompt + first.tokens, limit: 20)
    let next = await Outcome(try engine.generate(longer))
    let fresh = try Engine(model: model, text: TokenText(tokenizer), options: options)
    #expect(await Outcome(try fresh.generate(longer)).text == next.text)
    #expect(next.reused == prompt.count)
  }
}
