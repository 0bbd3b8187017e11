/// A family of decoder models that share tensors' names and the order of what is done with them.
package enum Architecture: String, Sendable, CaseIterable {
  /// Also SmolLM2, Mistral, TinyLlama and all that are converted under this name.
  case llama
  case smollm3
  case qwen2
  case qwen3
  case gemma
  case gemma2
  case gemma3
  case phi3

  /// llama's converter permutes the rows of q and k, so that pairs of a rotation are neighbours.
  var rotation: Rotation.Pairs {
    switch self {
    case .llama, .smollm3: .neighbours
    case .qwen2, .qwen3, .gemma, .gemma2, .gemma3, .phi3: .halves
    }
  }

  var isGemma: Bool {
    switch self {
    case .gemma, .gemma2, .gemma3: true
    case .llama, .smollm3, .qwen2, .qwen3, .phi3: false
    }
  }

  /// What the gate of the feed-forward part goes through.
  var gate: Gate { isGemma ? .gelu : .silu }

  /// Each head's query and key are normed before they are rotated.
  var normsHeads: Bool { self == .qwen3 || self == .gemma3 }

  /// What attention and the feed-forward part give is normed before it is added.
  var normsResults: Bool { self == .gemma2 || self == .gemma3 }

  /// Query, key and value lie in one matrix, gate and up in another.
  var isFused: Bool { self == .phi3 }

  package enum Gate: Sendable { case silu, gelu }
}
