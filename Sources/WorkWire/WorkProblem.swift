/// Why something was not done, as the daemon says it: `{"error": {"kind": …, "message": …}}`.
package struct WorkProblem: Error, Codable, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
    /// The request is not what it has to be.
    case invalid
    /// It is well-formed, and says what is not supported or not enforced.
    case unsupported
    /// No token, or another one.
    case unauthorized
    /// Not from here, or not for this host.
    case forbidden
    case unknown
    case method
    /// It does not fit what is on record by now.
    case conflict
    case large
    /// The journal, or something else that is needed, cannot be had at the moment.
    case unavailable
  }

  package let kind: Kind
  package let message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var description: String { message }
}

package struct ProblemBody: Codable, Sendable {
  package let error: WorkProblem

  package init(_ error: WorkProblem) {
    self.error = error
  }
}
