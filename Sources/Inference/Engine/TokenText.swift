/// What an engine has to know of a vocabulary.
package struct TokenText: Sendable {
  /// The bytes that a token stands for; none for control tokens.
  package var bytes: @Sendable (Int32) -> [UInt8]
  /// Tokens that end an answer.
  package var ends: Set<Int32>

  package init(ends: Set<Int32>, bytes: @escaping @Sendable (Int32) -> [UInt8]) {
    self.ends = ends
    self.bytes = bytes
  }

  /// Of a model's own vocabulary: tokens that steer say nothing.
  package init(_ tokenizer: Tokenizer) {
    self.init(ends: tokenizer.ends) { token in
      tokenizer.isControl(token) ? [] : tokenizer.bytes(of: token)
    }
  }
}
