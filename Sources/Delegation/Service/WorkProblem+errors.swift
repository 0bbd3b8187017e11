import Journal
package import WorkWire

extension WorkProblem {
  /// An error of the journal, as it is told.
  package init(_ error: any Error) {
    switch error {
    case let problem as WorkProblem: self = problem
    case let error as WorkError:
      switch error {
      case .unknownAssignment, .unknownApproval, .unknownSchedule:
        self.init(.unknown, error.description)
      case .conflict, .fenced: self.init(.conflict, error.description)
      case .invalid: self.init(.invalid, error.description)
      case .journal, .unavailable, .closing: self.init(.unavailable, error.description)
      }
    case is CancellationError: self.init(.unavailable, "the daemon is stopping")
    default: self.init(.unavailable, "\(error)")
    }
  }
}
