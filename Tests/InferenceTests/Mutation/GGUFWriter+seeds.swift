import Inference

extension GGUFWriter {
  /// Files that mutations begin with, each right as it stands.
  package static let seeds: [GGUFWriter] = [
    small, model(bytePairs), model(sentencePieces), model(wordPieces), GGUFWriter(),
  ]

  /// Right in every field: one key of each kind, two tensors.
  package static var small: GGUFWriter {
    GGUFWriter(
      keys: [
        ("general.architecture", .text("llama")), ("a.uint8", .uint8(200)), ("a.int8", .int8(-3)),
        ("a.uint16", .uint16(60_000)), ("a.int16", .int16(-300)), ("a.uint32", .uint32(4)),
        ("a.int32", .int32(-70_000)), ("a.float32", .float32(0.5)), ("a.flag", .flag(true)),
        ("a.uint64", .uint64(.max)), ("a.int64", .int64(.min)), ("a.float64", .float64(0.1)),
        ("a.texts", .texts(["", "one", "zwei"])), ("a.numbers", .list([.int32(-1), .int32(7)])),
        ("a.lists", .list([.texts(["deep"]), .list([.uint8(1)])])),
      ],
      tensors: [
        Tensor("norm", shape: [3], data: little(UInt32(1)) + little(UInt32(2)) + little(UInt32(3))),
        Tensor("matrix", .q40, shape: [64, 2]),
      ]
    )
  }

  /// One of `count` files of a model, with a tensor of its own.
  package static func shard(_ index: Int, of count: Int) -> GGUFWriter {
    GGUFWriter(
      keys: [
        ("split.no", .uint16(UInt16(index))), ("split.count", .uint16(UInt16(count))),
        ("split.tensors.count", .int32(Int32(count))),
      ],
      tensors: [
        Tensor(
          "blk.\(index)",
          shape: [8],
          data: [UInt8(truncatingIfNeeded: index)] + Array(repeating: 9, count: 31)
        )
      ]
    )
  }

  /// A llama of one layer, 64 numbers wide, with all that a model of its kind has.
  private static func model(_ vocabulary: [(String, Value)]) -> GGUFWriter {
    let keys: [(String, Value)] = [
      ("general.architecture", .text("llama")), ("general.name", .text("tiny")),
      ("llama.block_count", .uint32(1)), ("llama.context_length", .uint32(64)),
      ("llama.embedding_length", .uint32(64)), ("llama.feed_forward_length", .uint32(64)),
      ("llama.attention.head_count", .uint32(2)), ("llama.attention.head_count_kv", .uint32(1)),
      ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
      ("llama.rope.freq_base", .float32(10_000)), ("llama.rope.dimension_count", .uint32(32)),
      ("general.file_type", .uint32(7)), ("general.alignment", .uint32(32)),
    ]
    let layer: [(String, [UInt64])] = [
      ("attn_q", [64, 64]), ("attn_k", [64, 32]), ("attn_v", [64, 32]), ("attn_output", [64, 64]),
      ("ffn_gate", [64, 64]), ("ffn_up", [64, 64]), ("ffn_down", [64, 64]),
    ]
    let matrices = layer.map { Tensor("blk.0.\($0.0).weight", .q40, shape: $0.1) }
    let norms = ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"].map {
      Tensor("\($0).weight", shape: [64])
    }
    return GGUFWriter(
      keys: keys + vocabulary,
      tensors: [Tensor("token_embd.weight", .q40, shape: [64, 300])] + norms + matrices
    )
  }

  /// GPT-2's letters for the 256 bytes, and some pairs.
  private static let bytePairs: [(String, Value)] = {
    let plain = Array(33...126) + Array(161...172) + Array(174...255)
    let letters = plain + (256..<324).map { $0 }
    let tokens = letters.compactMap { Unicode.Scalar(UInt32($0)).map { String($0) } }
    let merges = ["t h", "th e", "Ġ a", "i n", "Ġ the", "e r", "o n", "a n"]
    let merged = merges.map { $0.split(separator: " ").joined() }
    let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    return [
      ("tokenizer.ggml.model", .text("gpt2")), ("tokenizer.ggml.pre", .text("smollm")),
      ("tokenizer.ggml.tokens", .texts(special + tokens + merged)),
      (
        "tokenizer.ggml.token_type",
        .list(special.map { _ in .int32(3) } + (tokens + merged).map { _ in .int32(1) })
      ),
      ("tokenizer.ggml.merges", .texts(merges)), ("tokenizer.ggml.bos_token_id", .uint32(1)),
      ("tokenizer.ggml.eos_token_id", .uint32(2)), ("tokenizer.ggml.add_bos_token", .flag(true)),
      (
        "tokenizer.chat_template",
        .text("{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}")
      ),
    ]
  }()

  private static let sentencePieces: [(String, Value)] = {
    let bytes = (0..<256).map {
      "<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>"
    }
    let pieces = ["▁", "▁t", "he", "▁the", "a", "b", "c", "e", "h", "t", "in", "ing"]
    let kinds: [Int32] = [2, 3, 3] + bytes.map { _ in 6 } + pieces.map { _ in 1 }
    return [
      ("tokenizer.ggml.model", .text("llama")),
      ("tokenizer.ggml.tokens", .texts(["<unk>", "<s>", "</s>"] + bytes + pieces)),
      (
        "tokenizer.ggml.scores",
        .list(kinds.indices.map { .float32($0 < 259 ? 0 : -Float($0)) })
      ),
      ("tokenizer.ggml.token_type", .list(kinds.map(Value.int32))),
      ("tokenizer.ggml.bos_token_id", .uint32(1)), ("tokenizer.ggml.eos_token_id", .uint32(2)),
      ("tokenizer.ggml.unknown_token_id", .uint32(0)),
      ("tokenizer.ggml.add_space_prefix", .flag(true)),
    ]
  }()

  private static let wordPieces: [(String, Value)] = {
    let tokens =
      ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
      + ["the", "a", "##s", "##ing", "walk"]
      .map { $0.hasPrefix("##") ? String($0.dropFirst(2)) : "▁\($0)" }
    return [
      ("tokenizer.ggml.model", .text("bert")), ("tokenizer.ggml.pre", .text("jina-v2-en")),
      ("tokenizer.ggml.tokens", .texts(tokens)),
      (
        "tokenizer.ggml.token_type",
        .list(tokens.indices.map { .int32($0 < 5 ? 3 : 1) })
      ),
      ("tokenizer.ggml.cls_token_id", .uint32(2)),
      ("tokenizer.ggml.seperator_token_id", .uint32(3)),
      ("tokenizer.ggml.padding_token_id", .uint32(0)),
      ("tokenizer.ggml.unknown_token_id", .uint32(1)),
    ]
  }()
}
