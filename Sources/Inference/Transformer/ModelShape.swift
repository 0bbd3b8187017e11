/// The numbers that a model is built by, read from a file's metadata and held against each other.
///
/// Each is bounded, so that no product of them overflows. The tensors, whose bytes lie in the file, hold
/// them to their products only: a narrow model may have the widest layers, and what is allocated for
/// those is held against the file's size (`EngineLimits`). Keys as in GGUF's specification.
package struct ModelShape: Sendable, Equatable {
  package var architecture: Architecture
  package var layers: Int
  /// Numbers that stand for one token between layers.
  package var width: Int
  package var heads: Int
  /// Heads of keys and values; each serves `heads / cacheHeads` heads of queries.
  package var cacheHeads: Int
  package var headSize: Int
  /// Numbers between the two halves of the feed-forward part.
  package var innerWidth: Int
  package var vocabulary: Int
  /// Positions that the model was trained for.
  package var contextLength: Int
  package var epsilon: Float
  package var rotation: Rotation
  package var window: Window?
  /// What a token's row is multiplied by before the first layer.
  package var embeddingScale: Float
  /// What the product of query and key is multiplied by.
  package var attentionScale: Float
  /// Products x of query and key become cap · tanh(x / cap).
  package var attentionCap: Float?
  package var outputCap: Float?

  /// Layers that see the last positions only.
  package struct Window: Sendable, Equatable {
    package var positions: Int
    /// Every so-manieth layer sees everything; 1: none does not.
    package var period: Int
    /// The base of the rotation in layers that see the window.
    package var rotationBase: Double
  }

  package var queryWidth: Int { heads * headSize }
  package var cacheWidth: Int { cacheHeads * headSize }

  /// The window of a layer, nil where it sees every position before it.
  package func window(ofLayer layer: Int) -> Window? {
    guard let window, layer % window.period < window.period - 1 else { return nil }
    return window
  }

  /// SmolLM3 leaves each fourth layer without positions.
  package func rotates(layer: Int) -> Bool {
    architecture != .smollm3 || (layer + 1) % 4 != 0
  }
}
