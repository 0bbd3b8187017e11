import Synchronization

/// Holds the tokens of one answer to a grammar: what the engine asks while it samples.
package final class GrammarConstraint: Sendable {
  private let masks: GrammarMasks
  private let state: Mutex<GrammarState>

  package init(_ masks: GrammarMasks) {
    self.masks = masks
    state = Mutex(GrammarState(masks.grammar))
  }

  /// Whether a token may come next; one that ends the text only where the text is complete.
  package func allows(_ token: Int32) -> Bool {
    if masks.vocabulary.ends.contains(token) { return state.withLock { $0.isComplete } }
    let bytes = masks.vocabulary.bytes(of: token)
    guard !bytes.isEmpty, bytes.count <= TokenTrie.maximumLength else { return false }
    var copy = state.withLock { $0 }
    return copy.advance(bytes)
  }

  package func mask() -> TokenMask { masks.mask(state.withLock { $0 }) }

  /// Whether the text can be ended with so many tokens behind this one, which is allowed. True, too, where
  /// it could not be ended without the token either: then nothing is gained by refusing it.
  package func fits(_ token: Int32, _ left: Int) -> Bool {
    guard masks.vocabulary.hasAllBytes, !masks.vocabulary.ends.contains(token) else { return true }
    let before = state.withLock { $0 }
    var after = before
    guard after.advance(masks.vocabulary.bytes(of: token)) else { return true }
    return after.cost <= left || before.cost > left + 1
  }

  /// The tokens that lead straight to the end of the text.
  package func closing() -> TokenMask { masks.closing(state.withLock { $0 }) }

  /// Takes a token; one that does not fit changes nothing.
  package func accept(_ token: Int32) {
    if masks.vocabulary.ends.contains(token) { return }
    let bytes = masks.vocabulary.bytes(of: token)
    state.withLock { _ = $0.advance(bytes) }
  }

  /// Whether the text may end here, and whether it must.
  package var isComplete: Bool { state.withLock { $0.isComplete } }
  package var isFinished: Bool { state.withLock { $0.isFinished } }

  package var tokenConstraint: TokenConstraint {
    TokenConstraint(
      allows: { self.allows($0) },
      mask: { self.mask() },
      fits: { self.fits($0, $1) },
      closing: { self.closing() },
      accept: { self.accept($0) }
    )
  }
}
