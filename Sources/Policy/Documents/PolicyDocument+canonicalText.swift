extension PolicyDocument {
  /// The document as YAML, the same for every document that says the same: what is hashed.
  package var canonicalText: String { "version: 1\n" }
}
