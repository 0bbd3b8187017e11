/// Which tokens end an answer, and which only steer the model.
///
/// Files name them by use at best, and mark some of them as if they were text; so they are known by
/// how they are written, too, as in llama.cpp.
struct EndTokens {
  private(set) var ends: Set<Int32> = []
  /// The vocabulary's, with those put right that are known to steer.
  private(set) var kinds: [Vocabulary.Kind]

  private static let written: Set<String> = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[",
  ]

  /// For filling in the middle, by use. The last three end an answer.
  private static let filling: [(use: String, written: [String])] = [
    (
      "fim_pre",
      [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
        "<|code_prefix|>", "<|prefix|>",
      ]
    ),
    (
      "fim_suf",
      [
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
        "<|code_suffix|>", "<|suffix|>",
      ]
    ),
    (
      "fim_mid",
      [
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
        "<|code_middle|>", "<|middle|>",
      ]
    ),
    ("fim_pad", ["<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"]),
    ("fim_rep", ["<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"]),
    ("fim_sep", ["<|file_sep|>"]),
  ]

  /// Of gpt-oss: parts of what it says, which a reader needs.
  private static let shown = ["<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"]

  init(_ vocabulary: Vocabulary) {
    kinds = vocabulary.kinds
    var known: [String: Int32] = [:]
    let wanted = Self.written.union(Self.filling.flatMap(\.written)).union(Self.shown)
    let longest = wanted.map(\.utf8.count).max() ?? 0
    for id in 0..<vocabulary.tokens.count where vocabulary.tokens[id].count <= longest {
      let text = vocabulary.tokens[id]
      guard let first = text.first, [0x3C, 0x5B, 0x5F, 0xE2].contains(first) else { continue }
      let written = String(decoding: text, as: UTF8.self)
      if wanted.contains(written) { known[written] = Int32(id) }
    }
    for (use, written) in Self.filling {
      var token = vocabulary.uses[use]
      if token == nil, let id = written.lazy.compactMap({ known[$0] }).first {
        token = id
        kinds[Int(id)] = .control
      }
      if let token, ["fim_pad", "fim_rep", "fim_sep"].contains(use) { ends.insert(token) }
    }
    for written in Self.written {
      guard let id = known[written] else { continue }
      ends.insert(id)
      kinds[Int(id)] = .control
    }
    for id in Self.shown.compactMap({ known[$0] }) { kinds[Int(id)] = .userDefined }
    for id in [vocabulary.end, vocabulary.uses["eot"], vocabulary.uses["eom"]] {
      if let id { ends.insert(id) }
    }
    // Where a turn ends with another token, these only part what is within it.
    let calls = known["<|call|>"] ?? known["<|calls|>"]
    if let end = known["<|end|>"], calls != nil,
      known["<|return|>"] != nil && known["<|call|>"] != nil || known["<|flush|>"] != nil
    {
      ends.remove(end)
      kinds[Int(end)] = .userDefined
    }
    if let end = known["</s>"], known["<|tool_response>"] != nil {
      ends.remove(end)
      kinds[Int(end)] = .normal
    }
  }
}
