/// Why a vocabulary is not used.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
  /// A key that a vocabulary of its kind must have.
  case missing(String)
  case key(String, String)
  /// `tokenizer.ggml.model`
  case model(String)
  /// `tokenizer.ggml.pre`
  case preTokenizer(String)
  case tooLarge

  package var description: String {
    switch self {
    case .missing(let key):
      "the model's file has no \"\(key)\": it holds no complete vocabulary; get the model again, or"
        + " convert it anew"
    case .key(let key, let text): "the model's file: the key \"\(key)\" \(text)"
    case .model(let name):
      "the model's tokenizer is of the kind \"\(Printable.text(name))\", which is not known here;"
        + " \"gpt2\", \"llama\", \"t5\", \"bert\" and \"gemma4\" are"
    case .preTokenizer(let name):
      "the model's text is cut into words as \"\(Printable.text(name))\" does"
        + " (tokenizer.ggml.pre), which is not known here; get another model"
    case .tooLarge: "the model's vocabulary takes more than 1 GB, which no real one does"
    }
  }
}
