/// Why something could not be done with a git repository. Each text says what, on what, and what to
/// do next.
package enum GitError: Error, Sendable {
  /// There is no git on this machine.
  case notFound
  /// Git ended with an error; its first lines of complaint.
  case failed(doing: String, complaint: String)
  /// Git said more than it was given room for.
  case tooMuch(doing: String, limit: Int)
  /// Git said something that is not understood.
  case unreadable(doing: String, what: String)
  /// The repository cannot carry a branch workspace; why, and what to do.
  case unfit(String)
  case system(doing: String, number: Int32)
}

extension GitError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound:
      "git is not installed where PATH leads; install it, or use --workspace overlay"
    case .failed(let doing, let complaint):
      "git cannot \(doing): \(complaint.isEmpty ? "it gave no reason" : complaint)"
    case .tooMuch(let doing, let limit):
      "git cannot \(doing): it said more than \(limit) bytes; use a smaller repository, or "
        + "--workspace overlay"
    case .unreadable(let doing, let what):
      "git cannot \(doing): its answer is not understood (\(what)); is this git 2.38 or newer?"
    case .unfit(let reason): reason
    case .system(let doing, let number):
      "cannot \(doing): \(SystemText.of(number))"
    }
  }
}
