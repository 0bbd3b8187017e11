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
      accept: { self.accept($0) }
    )
  }
}
