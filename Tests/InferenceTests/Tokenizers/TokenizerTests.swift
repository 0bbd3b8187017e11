import Glibc
import Testing

@testable import Inference

@Suite struct TokenizerTests {
  private static let isThere = RealFiles.vocabularies.count > 10

  private func real(_ name: String) throws -> Tokenizer {
    try Tokenizer(gguf: GGUFFile(path: #require(VocabularyTests.path(name))))
  }

  /// A vocabulary of all bytes, in GPT-2's letters, then `more`.
  private func ofBytes(_ more: [String] = [], merges: [String] = []) -> Vocabulary {
    let letters = (0..<0x144).compactMap { Unicode.Scalar(UInt32($0)) }.map { String($0) }
      .filter { letter in
        var bytes: [UInt8] = []
        return ByteAlphabet.append(Array(letter.utf8)[...], to: &bytes)
      }
    var vocabulary = Vocabulary(
      model: .bytePairs(preTokenizer: "gpt-2"),
      tokens: TextList(letters + more)
    )
    vocabulary.merges = TextList(merges)
    return vocabulary
  }

  @Test(
    .enabled(if: isThere, "llama.cpp's vocabularies are not fetched"),
    arguments: ["qwen2", "llama-bpe", "gpt-2", "deepseek-llm", "llama-spm", "gemma-4"]
  )
  func `what was encoded is decoded to the same text`(name: String) throws {
    let tokenizer = try real(name)
    var random = SplitMix(seed: 6)
    for _ in 0..<400 {
      let text = random.text()
      let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      #expect(tokenizer.decode(tokens) == text, "\(text.debugDescription)")
      var decoder = StreamDecoder()
      var streamed = tokens.reduce(into: "") { $0 += decoder.append(tokenizer.bytes(of: $1)) }
      streamed += decoder.finish()
      let prefix = streamed.utf8.count - text.utf8.count
      #expect(Array(streamed.utf8.dropFirst(prefix)) == Array(text.utf8) && prefix <= 1)
    }
  }

  @Test(.enabled(if: isThere, "llama.cpp's vocabularies are not fetched"))
  func `a turn's end is a token only where a template has written it`() throws {
    let tokenizer = try real("qwen2")
    let text = "Hi<|im_end|>"
    let marked = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
    let plain = tokenizer.encode(text, addSpecial: true, parseSpecial: false)
    #expect(marked == [13048, 151645])
    #expect(plain.count > 4 && !plain.contains(151645))
    #expect(tokenizer.isControl(151645) && tokenizer.ends.contains(151645))
    #expect(tokenizer.decode(plain) == text && tokenizer.decode(marked) == "Hi")
  }

  @Test(.enabled(if: isThere, "llama.cpp's vocabularies are not fetched"))
  func `a beginning stands before a text where the file asks for it`() throws {
    let llama = try real("llama-bpe")
    #expect(llama.encode("Hi", addSpecial: true, parseSpecial: false) == [128000, 13347])
    #expect(try real("bert-bge").encode("", addSpecial: true, parseSpecial: false) == [101, 102])
    #expect(try real("llama-spm").encode("", addSpecial: true, parseSpecial: false) == [1])
  }

  @Test(
    .enabled(if: isThere, "llama.cpp's vocabularies are not fetched"),
    arguments: ["qwen2", "llama-spm", "gemma-4", "deepseek-llm", "bert-bge", "nomic-bert-moe"]
  )
  func `a megabyte of one letter or of spaces takes no square of time`(name: String) throws {
    let tokenizer = try real(name)
    var times: [Double] = []
    for size in [1 << 17, 1 << 20] {
      for letter in ["a", " ", "\n", "<", "é", "0"] {
        let text = String(repeating: letter, count: size / letter.utf8.count)
        let start = Self.seconds()
        _ = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        times.append(Self.seconds() - start)
      }
    }
    for (small, large) in zip(times.prefix(6), times.suffix(6)) {
      // Eight times the text; its square would be 64.
      #expect(large < small * 32 + 0.1)
    }
  }

  /// Of this thread, so that others on the machine do not count.
  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  @Test func `longer special tokens come first, wherever they stand`() throws {
    var vocabulary = ofBytes(["ab", "bcd", "abcdef"])
    let first = Int32(256)
    for id in 256..<259 { vocabulary.kinds[id] = .userDefined }
    let tokenizer = try Tokenizer(vocabulary)
    func ids(_ text: String) -> [Int32] {
      tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    }
    let a = ids("a")[0]
    #expect(ids("abcd") == [a, first + 1])
    #expect(ids("abab") == [first, first])
    #expect(ids("abcdef") == [first + 2])
    #expect(ids("abcde").count == 3)
  }

  @Test func `spaces go with a token that takes them`() throws {
    var vocabulary = ofBytes(["<x>"])
    vocabulary.kinds[256] = .userDefined
    vocabulary.stripsLeft = [256]
    vocabulary.stripsRight = [256]
    let tokenizer = try Tokenizer(vocabulary)
    let tokens = tokenizer.encode("a \n<x>  <x> b", addSpecial: false, parseSpecial: false)
    #expect(tokenizer.decode(tokens) == "a<x><x>b")
  }

  @Test func `of equal merges the leftmost is first, in short words and in long ones`() throws {
    let tokenizer = try Tokenizer(
      ofBytes(["aa", "aaaa", "ab"], merges: ["a a", "aa aa", "a b"])
    )
    for count in [1, 2, 3, 5, 7, 63, 64, 65, 66, 67, 1000, 1001] {
      let text = String(repeating: "a", count: count) + "b"
      let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
      var wanted = [Int32](repeating: 257, count: count / 4)
      if count % 4 >= 2 { wanted.append(256) }
      wanted +=
        count % 2 == 1 ? [258] : [tokenizer.encode("b", addSpecial: false, parseSpecial: false)[0]]
      #expect(tokens == wanted, "\(count)")
    }
  }

  @Test func `a merge whose parts are no tokens leaves bytes`() throws {
    let tokenizer = try Tokenizer(
      ofBytes(merges: ["a b", "ab c", "nospace", " ", "x  y", "ÿÿÿ 你"])
    )
    let tokens = tokenizer.encode("abcd", addSpecial: false, parseSpecial: false)
    #expect(tokens.count == 4 && tokenizer.decode(tokens) == "abcd")
  }

  @Test func `a pre-tokenizer that is not known is named`() {
    let vocabulary = Vocabulary(model: .bytePairs(preTokenizer: "novel"), tokens: TextList(["a"]))
    let error = #expect(throws: TokenizerError.preTokenizer("novel")) { try Tokenizer(vocabulary) }
    #expect(error?.description.contains("\"novel\"") == true)
  }

  @Test(arguments: 0..<4)
  func `a vocabulary of nonsense traps nowhere`(model: Int) throws {
    var random = SplitMix(seed: UInt64(model) + 60)
    for _ in 0..<60 {
      let models: [Vocabulary.Model] = [
        .bytePairs(preTokenizer: ["gpt-2", "gemma4", "llama3", "tekken"][Int(random.next() % 4)]),
        .scoredPairs, .unigram, .wordPiece,
      ]
      var tokens = TextList()
      for _ in 0..<random.next() % 60 { _ = tokens.append(random.nonsense()) }
      var vocabulary = Vocabulary(model: models[model], tokens: tokens)
      for id in 0..<tokens.count {
        vocabulary.kinds[id] = Vocabulary.Kind(rawValue: Int32(random.next() % 7)) ?? .normal
        vocabulary.scores[id] = [Float.nan, -.infinity, .infinity, 0, -3][Int(random.next() % 5)]
      }
      var merges = TextList()
      for _ in 0..<random.next() % 60 { _ = merges.append(random.nonsense()) }
      vocabulary.merges = merges
      vocabulary.characterMap = random.next() % 2 == 0 ? [] : (0..<40).map { _ in random.byte() }
      let ids: [Int32?] = [nil, -1, 0, 3, 59, 60, .max, .min]
      func id() -> Int32? { ids[Int(random.next() % 8)] }
      (vocabulary.beginning, vocabulary.end, vocabulary.unknown) = (id(), id(), id())
      (vocabulary.separator, vocabulary.uses["eot"]) = (id(), id())
      (vocabulary.addsBeginning, vocabulary.addsEnd) = (true, true)
      guard let tokenizer = try? Tokenizer(vocabulary) else { continue }
      for _ in 0..<20 {
        let text = random.text() + String(decoding: random.nonsense(), as: UTF8.self)
        let tokens = tokenizer.encode(text, addSpecial: true, parseSpecial: random.next() % 2 == 0)
        #expect(tokens.allSatisfy { $0 >= 0 && $0 < tokenizer.count })
        #expect(tokenizer.ends.allSatisfy { $0 >= 0 && $0 < tokenizer.count })
        _ = tokenizer.decode(tokens + [-1, .max, .min])
      }
    }
  }
}
