/// What stands before the slash in LiteLLM's names of models.
struct LiteLLMProvider {
  enum Support {
    /// A provider that the catalogue knows.
    case known(String)
    /// Speaks OpenAI's interface at a place of its own, and the catalogue has no prices for it.
    case compatible(base: String?)
    case ollama
    case manual(String)
    case unsupported(String)
  }

  let prefix: String
  let support: Support

  /// By the prefix; nil for one that is not known.
  static func named(_ prefix: String) -> LiteLLMProvider? {
    table[prefix].map { LiteLLMProvider(prefix: prefix, support: $0) }
  }

  private static let table: [String: Support] = [
    "openai": .known("openai"), "anthropic": .known("anthropic"), "gemini": .known("google"),
    "mistral": .known("mistral"), "deepseek": .known("deepseek"), "groq": .known("groq"),
    "openrouter": .known("openrouter"), "xai": .known("xai"), "cohere": .known("cohere"),
    "cohere_chat": .known("cohere"), "nvidia_nim": .known("nvidia"),
    "moonshot": .known("moonshotai"), "zai": .known("zai"), "dashscope": .known("alibaba"),
    "xiaomi_mimo": .known("xiaomi"),
    "ollama": .ollama, "ollama_chat": .ollama,
    "hosted_vllm": .compatible(base: nil), "vllm": .compatible(base: nil),
    "lm_studio": .compatible(base: nil), "openai_like": .compatible(base: nil),
    "custom_openai": .compatible(base: nil), "llamafile": .compatible(base: nil),
    "text-completion-openai": .known("openai"),
    "together_ai": .compatible(base: "https://api.together.xyz/v1"),
    "fireworks_ai": .compatible(base: "https://api.fireworks.ai/inference/v1"),
    "perplexity": .compatible(base: "https://api.perplexity.ai"),
    "deepinfra": .compatible(base: "https://api.deepinfra.com/v1/openai"),
    "cerebras": .compatible(base: "https://api.cerebras.ai/v1"),
    "sambanova": .compatible(base: "https://api.sambanova.ai/v1"),
    "azure": .manual(
      "Azure names deployments in its addresses; add a provider with "
        + "base: https://NAME.openai.azure.com/openai/v1 and its models"
    ),
    "azure_ai": .manual("add a provider with the base of the deployment, and its models"),
    "bedrock": .unsupported("Bedrock wants requests that are signed, which is not done here"),
    "sagemaker": .unsupported("SageMaker wants requests that are signed, which is not done here"),
    "vertex_ai": .unsupported("Vertex AI wants short-lived tokens; use gemini/ with a key"),
    "vertex_ai_beta": .unsupported("Vertex AI wants short-lived tokens; use gemini/ with a key"),
    "watsonx": .unsupported("watsonx wants short-lived tokens, which are not fetched here"),
    "databricks": .unsupported("there is no dialect for it here"),
    "huggingface": .unsupported("there is no dialect for it here"),
    "replicate": .unsupported("there is no dialect for it here"),
    "github_copilot": .unsupported("it wants short-lived tokens, which are not fetched here"),
    "litellm_proxy": .compatible(base: nil),
  ]

  /// The provider that LiteLLM takes a bare name to belong to.
  static func guess(_ model: String, catalogue: ModelCatalogue) -> String? {
    for id in ["openai", "anthropic"] {
      if catalogue.model(ModelEntry.Key(provider: id, id: model)) != nil { return id }
    }
    let names = [
      "gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "dall-e-", "whisper-1", "tts-1",
    ]
    if names.contains(where: model.hasPrefix) { return "openai" }
    return model.hasPrefix("claude-") ? "anthropic" : nil
  }
}

/// A price in dollars as a program writes it: `0.00000015`, `1.5e-07`, `3`.
struct ScientificPrice {
  let rate: Rate
  /// Whether the amount is the very one, and not the next pico-dollar above it.
  let isExact: Bool

  /// The price of one unit; nil for what is none.
  init?(_ text: String) {
    let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
    guard parts.count <= 2, let mantissa = parts.first else { return nil }
    var exponent = 0
    if parts.count == 2 {
      guard let value = Int(parts[1]), abs(value) <= 30 else { return nil }
      exponent = value
    }
    let number = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    guard number.count <= 2 else { return nil }
    let fraction = number.count == 2 ? number[1] : ""
    var digits = Array((number[0] + fraction).utf8)
    guard !digits.isEmpty, digits.count <= 40, digits.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    // Twelve decimals more turn dollars into pico-dollars.
    var shift = 12 + exponent - fraction.utf8.count
    var isExact = true
    while shift < 0, !digits.isEmpty {
      if digits.removeLast() != 0x30 { isExact = false }
      shift += 1
    }
    if digits.count + max(shift, 0) > 60 { return nil }
    digits += [UInt8](repeating: 0x30, count: max(0, shift))
    var amount: Int64 = 0
    for digit in digits {
      let (tens, tensOverflow) = amount.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(Int64(digit - 0x30))
      guard !tensOverflow, !sumOverflow else { return nil }
      amount = sum
    }
    let (rounded, overflows) = amount.addingReportingOverflow(isExact ? 0 : 1)
    // The largest price that a document may name is a million dollars for a million tokens.
    guard !overflows, rounded <= 1_000_000_000_000, let rate = Rate(picoDollars: rounded) else {
      return nil
    }
    self.rate = rate
    self.isExact = isExact
  }
}
