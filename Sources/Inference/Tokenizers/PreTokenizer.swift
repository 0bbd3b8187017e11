/// How text is cut before pairs of bytes are merged, by the names that llama.cpp gives to it
/// (`tokenizer.ggml.pre`).
///
/// Patterns are those of the models' own `tokenizer.json`. Names that are not known here are those
/// of a few models whose patterns nothing else uses.
struct PreTokenizer: Sendable {
  /// Each cuts what the one before has left.
  var stages: [PreTokenizerStage]
  /// A piece that is a token is that token, whatever the merges say.
  var ignoresMerges = false
  /// The model's beginning stands before a text unless the file says otherwise.
  var addsBeginning = false
  /// Tokens are of UTF-8, with U+2581 for a space, not of GPT-2's letters for bytes.
  var isOfText = false

  /// Where each piece of a stretch ends.
  func ends(of bytes: [UInt8], in range: Range<Int>) -> [Int] {
    guard !range.isEmpty else { return [] }
    let reader = TextReader(bytes, end: range.upperBound)
    var ends = [range.upperBound]
    for stage in stages {
      var next: [Int] = []
      next.reserveCapacity(ends.count == 1 ? range.count / 4 + 1 : ends.count)
      var start = range.lowerBound
      for end in ends {
        stage.cut(reader, start: start, end: end, into: &next)
        start = end
      }
      ends = next
    }
    return ends
  }

  /// Nil where the name is not known.
  init?(named name: String) {
    let digit = PreTokenizerStage.run(.of(.number, limit: 1))
    let threeDigits = PreTokenizerStage.run(.of(.number, limit: 3))
    let threeASCIIDigits = PreTokenizerStage.run(
      CharacterRun(ranges: [0x30...0x39], limit: 3, least: 3)
    )
    switch name {
    case "", "default":
      let marks = CharacterRun(
        kinds: CharacterKind.punctuation.rawValue,
        ranges: [0x24...0x24, 0x2B...0x2B, 0x3C...0x3E, 0x5E...0x5E, 0x7C...0x7C, 0x7E...0x7E]
      )
      stages = [.run(marks), .original, .run(.of(.number)), threeASCIIDigits]
    case "falcon":
      let marks = CharacterRun(
        kinds: CharacterKind.punctuation.rawValue,
        ranges: [
          0x24...0x24, 0x2B...0x2B, 0x3C...0x3E, 0x5E...0x5E, 0x60...0x60, 0x7C...0x7C, 0x7E...0x7E,
        ]
      )
      stages = [.run(marks), .original, threeASCIIDigits]
    case "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v1-en", "jina-v2-es",
      "jina-v2-de", "jina-v2-code", "roberta-bpe", "a.x-4.0", "mellum", "modern-bert", "exaone4",
      "mpt", "olmo", "jais", "trillion", "granite-docling":
      stages = [.original]
    case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
      "mellum2":
      stages = [digit, .original]
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano":
      stages = [.words(WordPattern(digits: 3))]
      ignoresMerges = true
      addsBeginning = true
    case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe":
      stages = [.words(WordPattern(digits: 3))]
    case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan",
      "solar-open", "grok-2", "bailingmoe", "bailingmoe2", "llada-moe":
      stages = [.words(WordPattern(digits: 1))]
    case "qwen35":
      stages = [.words(WordPattern(letters: .withMarks, digits: 1))]
    case "laguna":
      stages = [.lines, .words(WordPattern(digits: 1))]
    case "seed-coder":
      stages = [.words(WordPattern(digits: 1, tail: .none))]
    case "minicpm5":
      stages = [threeDigits, .words(WordPattern())]
      ignoresMerges = true
    case "tekken":
      let pattern = WordPattern(
        letters: .mixedCase,
        digits: 1,
        tail: .newlinesAndSlashes,
        contractions: false
      )
      stages = [.words(pattern)]
      ignoresMerges = true
      addsBeginning = true
    case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2":
      stages = [
        .words(WordPattern(letters: .mixedCase, digits: 3, tail: .newlinesAndSlashes))
      ]
    case "deepseek-llm":
      stages = [
        .lineEnds,
        .run(CharacterRun(ranges: CharacterRun.deepSeekLetters, lead: .anySpace)),
        .run(CharacterRun(ranges: CharacterRun.deepSeekPunctuation, lead: .anySpace)),
        .spacesAtEnd,
        .run(CharacterRun(ranges: CharacterRun.deepSeekIdeographs)),
        .run(.of(.number)),
      ]
    case "deepseek-coder":
      stages = [
        .lineEnds,
        .run(.of(.letter, lead: .anySpace)),
        .run(.of(.punctuation, lead: .anySpace)),
        .run(CharacterRun(ranges: CharacterRun.deepSeekIdeographs)),
        digit,
      ]
    case "deepseek-v3", "hunyuan-dense", "joyai-llm":
      stages = [
        threeDigits, .run(CharacterRun(ranges: CharacterRun.ideographsAndKana)), .punctuationFirst,
      ]
    case "poro-chat", "bloom", "gpt3-finnish", "viking":
      let word = CharacterRun(
        kinds: CharacterKind.space.rawValue,
        ranges: CharacterRun.bloomStops,
        isInverted: true,
        lead: .space
      )
      stages = name == "viking" ? [.run(word), digit] : [.run(word)]
    case "gemma4", "granite-embed-multi-311m", "sarvam-moe":
      stages = [.lines]
      isOfText = true
      addsBeginning = name != "sarvam-moe"
    default: return nil
    }
  }
}
