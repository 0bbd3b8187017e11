/// A model that can be asked for by a short name: one file, where it is published, and how to tell
/// that it is the one.
package struct KnownModel: Sendable, Equatable {
  /// What the publisher asks of whoever uses the model.
  package enum License: Sendable, Equatable {
    case apache2
    case llama32
    case gemma

    package var name: String {
      switch self {
      case .apache2: "Apache License 2.0"
      case .llama32: "Llama 3.2 Community License"
      case .gemma: "Gemma Terms of Use"
      }
    }

    package var address: String {
      switch self {
      case .apache2: "https://www.apache.org/licenses/LICENSE-2.0"
      case .llama32: "https://www.llama.com/llama3_2/license/"
      case .gemma: "https://ai.google.dev/gemma/terms"
      }
    }

    /// Whether it restricts what the model may be used for, so that a person has to have read it.
    package var isRestrictive: Bool { self != .apache2 }
  }

  /// `family:size`, the name under which it is pulled.
  package let name: String
  /// As its publisher calls it.
  package let title: String
  package let license: License
  /// On huggingface.co: owner and repository.
  package let repository: String
  /// A commit, so that what is fetched cannot change; a branch where no commit is known.
  package let revision: String
  package let file: String
  /// Bytes, exactly.
  package let size: Int
  /// SHA-256 of the file in 64 digits. Nil where none could be found out: who pulls such a model says
  /// the hash, or the one of the first pull is kept and every further one is held against it.
  package let hash: String?
  /// How its weights are written, as GGUF's tools call it.
  package let quantisation: String

  package var address: String {
    "https://huggingface.co/\(repository)/resolve/\(revision)/\(file)"
  }
}
