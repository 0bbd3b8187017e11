/// Which tokens may come next: one bit a token.
package struct TokenMask: Sendable, Equatable {
  /// Bit `t % 64` of word `t / 64` is token `t`.
  package var words: [UInt64]

  package init(words: [UInt64]) {
    self.words = words
  }

  /// A mask for so many tokens that all may, or may not, come.
  package init(count: Int, allowing: Bool) {
    words = [UInt64](repeating: allowing ? .max : 0, count: (count + 63) / 64)
  }

  /// A token beyond the mask's words may not come.
  package subscript(token: Int) -> Bool {
    get {
      token >= 0 && token / 64 < words.count && words[token / 64] >> UInt64(token % 64) & 1 == 1
    }
    set {
      guard token >= 0, token / 64 < words.count else { return }
      let bit = UInt64(1) << UInt64(token % 64)
      if newValue { words[token / 64] |= bit } else { words[token / 64] &= ~bit }
    }
  }
}

/// What holds the tokens of one answer to a grammar.
///
/// The engine calls it from its own thread, one call at a time: for each token `allows` with the one
/// it would like, then `mask` if that was refused; `fits` with what it has now and how many may follow,
/// then `closing` if that was refused; then `accept` with the one it took. Drawing again
/// under the mask after a refusal gives each allowed token the share that drawing under the mask at
/// once would have given it, unless `topK`, `topP` or `minP` leave tokens out: those that they leave
/// before the mask gain a little. It saves the mask for most tokens.
package struct TokenConstraint: Sendable {
  package var allows: @Sendable (Int32) -> Bool
  package var mask: @Sendable () -> TokenMask
  /// Whether what has begun can still be ended when so many tokens follow an allowed one.
  package var fits: @Sendable (Int32, Int) -> Bool
  /// The tokens that lead to an end by the shortest way; none where it is not known.
  package var closing: @Sendable () -> TokenMask
  package var accept: @Sendable (Int32) -> Void

  package init(
    allows: @escaping @Sendable (Int32) -> Bool,
    mask: @escaping @Sendable () -> TokenMask,
    fits: @escaping @Sendable (Int32, Int) -> Bool = { _, _ in true },
    closing: @escaping @Sendable () -> TokenMask = { TokenMask(words: []) },
    accept: @escaping @Sendable (Int32) -> Void
  ) {
    self.allows = allows
    self.mask = mask
    self.fits = fits
    self.closing = closing
    self.accept = accept
  }
}
