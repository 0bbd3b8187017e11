/// Why a schema cannot be made into a grammar. Nothing is guessed: what is not enforced is refused.
package enum GrammarError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The schema is no JSON.
  case notJSON(String)
  /// A keyword restricts in a way that is not enforced here.
  case unsupported(keyword: String, at: String)
  /// A keyword has a value that it cannot have.
  case malformed(keyword: String, at: String)
  /// No value can satisfy the schema, or none of finite size.
  case unsatisfiable(at: String)
  /// The grammar would become too large.
  case tooLarge(String, at: String)

  package var description: String {
    switch self {
    case .notJSON(let fault): "the schema is not JSON: \(fault)"
    case .unsupported(let keyword, let place):
      "the schema uses \(keyword) at \(place), which cannot be enforced while a model writes; "
        + "remove it, and check it in the answer instead"
    case .malformed(let keyword, let place): "the schema's \(keyword) at \(place) is malformed"
    case .unsatisfiable(let place): "no finite value can satisfy the schema at \(place)"
    case .tooLarge(let what, let place): "the schema is too large at \(place): \(what)"
    }
  }
}
