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

  @Test(
    .enabled(if: RealFiles.smollm != nil, "the model is not below .build-models"),
    arguments: GrammarSchemaTests.examples
  )
  func `a text is whole within its limit of tokens, whatever was begun`(
    example: GrammarSchemaTests.Example
  ) throws {
    let vocabulary = try #require(Self.vocabulary)
    let masks = GrammarMasks(grammar: try Grammar(schema: example.schema), vocabulary: vocabulary)
    let least = GrammarState(masks.grammar).cost
    try #require(least < 2000)
    for (seed, more) in [0, 1, 12, 100].enumerated() {
      var random = SeededRandom(seed: UInt64(seed))
      let limit = least + more
      let constraint = GrammarConstraint(masks)
      var bytes: [UInt8] = []
      for left in (0..<limit).reversed() where !constraint.isFinished {
        guard var token = Self.any(constraint.mask(), but: vocabulary.ends, &random) else { break }
        if !constraint.fits(token, left) {
          token = try #require(
            Self.any(constraint.closing(), but: [], &random),
            "\(limit): \(String(decoding: bytes, as: UTF8.self))"
          )
          #expect(constraint.allows(token) && constraint.fits(token, left))
        }
        constraint.accept(token)
        bytes += vocabulary.bytes(of: token)
      }
      #expect(constraint.isComplete, "\(limit): \(String(decoding: bytes, as: UTF8.self))")
      let value = try JSONReader.read(bytes)
      #expect(SchemaCheck(root: example.schema).holds(value, example.schema))
    }
  }

  private static func any(
    _ mask: TokenMask,
    but ends: Set<Int32>,
    _ random: inout SeededRandom
  ) -> Int32? {
    var tokens: [Int32] = []
    for (place, word) in mask.words.enumerated() where word != 0 {
      for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 {
        tokens.append(Int32(place * 64 + bit))
      }
    }
    tokens.removeAll { ends.contains($0) }
    return tokens.isEmpty ? nil : tokens[Int(random.next() % UInt64(tokens.count))]
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
