import Foundation
import Testing

@testable import Inference

/// A seeded writer that takes any allowed token, as no model would: what it writes must hold.
@Suite struct GrammarWriterTests {
  static let tokenizer: Tokenizer? = {
    guard let path = RealFiles.smollm, let file = try? GGUFFile(path: path) else { return nil }
    return try? Tokenizer(gguf: file)
  }()
  static let vocabulary = tokenizer.map { GrammarVocabulary($0) }

  @Test(
    .enabled(if: RealFiles.smollm != nil, "the model is not below .build-models"),
    arguments: GrammarSchemaTests.examples
  )
  func `random tokens under a mask write what the schema says`(
    example: GrammarSchemaTests.Example
  ) throws {
    let vocabulary = try #require(Self.vocabulary)
    let masks = GrammarMasks(grammar: try Grammar(schema: example.schema), vocabulary: vocabulary)
    for seed in 0..<4 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      let bytes = try #require(Self.write(masks, &random))
      let value = try JSONReader.read(bytes)
      #expect(
        SchemaCheck(root: example.schema).holds(value, example.schema),
        "\(String(decoding: bytes, as: UTF8.self))"
      )
    }
  }

  /// Single bytes that end what is open.
  static func closers(_ vocabulary: GrammarVocabulary) -> [Int32] {
    (0..<Int32(vocabulary.count)).filter {
      let bytes = vocabulary.bytes(of: $0)
      return bytes.count == 1 && "\"}]0:5".utf8.contains(bytes[0])
    }
  }

  /// A text of up to 3,000 tokens; nil where none was allowed or the end was not reached.
  ///
  /// After 200 tokens the writer takes those of few bytes that come first, so that it ends.
  static func write(_ masks: GrammarMasks, _ random: inout SeededRandom) -> [UInt8]? {
    var state = GrammarState(masks.grammar)
    var bytes: [UInt8] = []
    let closers = Self.closers(masks.vocabulary)
    for step in 0..<3000 {
      let mask = masks.mask(state)
      var allowed: [Int32] = []
      for (place, word) in mask.words.enumerated() where word != 0 {
        for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 {
          allowed.append(Int32(place * 64 + bit))
        }
      }
      if allowed.isEmpty { return nil }
      let ending = allowed.first { masks.vocabulary.ends.contains($0) }
      if ending != nil, state.isFinished || step > 200 || random.next() % 4 == 0 { return bytes }
      let closing = closers.filter { mask[Int($0)] }
      allowed.removeAll { masks.vocabulary.ends.contains($0) }
      if allowed.isEmpty { return bytes }
      // A uniform choice seldom closes a string: closing is tried on its own now and then.
      let choices = !closing.isEmpty && (step > 150 || random.next() % 6 == 0) ? closing : allowed
      let token = choices[Int(random.next() % UInt64(choices.count))]
      guard state.advance(masks.vocabulary.bytes(of: token)) else { return nil }
      bytes += masks.vocabulary.bytes(of: token)
    }
    return nil
  }

  @Test(.enabled(if: RealFiles.smollm != nil, "the model is not below .build-models"))
  func `a mask allows what can be read, and nothing else`() throws {
    let vocabulary = try #require(Self.vocabulary)
    for example in GrammarSchemaTests.examples.prefix(6) {
      let masks = GrammarMasks(grammar: try Grammar(schema: example.schema), vocabulary: vocabulary)
      var state = GrammarState(masks.grammar)
      var random = SeededRandom(seed: 3)
      for _ in 0..<6 {
        let mask = masks.mask(state)
        var allowed: [Int32] = []
        for token in stride(from: Int32(random.next() % 7), to: Int32(vocabulary.count), by: 7)
        where !vocabulary.ends.contains(token) {
          var copy = state
          let text = vocabulary.bytes(of: token)
          let fits = !text.isEmpty && copy.advance(text)
          if fits != mask[Int(token)] {
            Issue.record("\(example.name): token \(token) fits: \(fits)")
            return
          }
          if fits { allowed.append(token) }
        }
        guard !allowed.isEmpty else { break }
        _ = state.advance(
          vocabulary.bytes(of: allowed[Int(random.next() % UInt64(allowed.count))])
        )
      }
    }
  }
}
