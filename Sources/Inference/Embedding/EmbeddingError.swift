/// Why an embedding model is not used.
package enum EmbeddingError: Error, Equatable, CustomStringConvertible {
  case unreadable(String)
  case model(SafetensorsError)
  /// A tensor whose shape does not fit the others.
  case shape(tensor: String, [Int], expected: [Int])
  /// The list of tokens lacks one, or is longer than the model's table.
  case vocabulary(String)

  package var description: String {
    switch self {
    case .unreadable(let text): text
    case .model(let error): error.description
    case .shape(let name, let shape, let expected):
      "the embedding model's tensor \"\(Printable.text(name))\" is \(shape), not \(expected): the"
        + " model is damaged or of another kind than BERT; get it again"
    case .vocabulary(let text):
      "the embedding model's vocabulary \(text); use the vocab.txt that came with the model"
    }
  }
}
