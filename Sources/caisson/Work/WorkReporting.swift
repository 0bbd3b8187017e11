import ArgumentParser
import Foundation
import Policy
import WorkWire

/// Runs the body of a command that asks the daemon. 64 where the command line named what does not
/// exist or cannot be, 126 where the policy or what is asked cannot be kept, 125 otherwise.
func reportingWork(_ body: () throws -> Void) throws {
  try ModelsCommand.reporting {
    do {
      try body()
    } catch let problem as WorkProblem {
      complain(problem.message)
      switch problem.kind {
      case .invalid, .unknown, .large, .method: throw ExitCode.validationFailure
      case .unsupported: throw ExitCode(126)
      case .unauthorized, .forbidden, .conflict, .unavailable: throw caissonFailed
      }
    } catch let refusal as RunSession.Refusal {
      complain(refusal.message)
      throw ExitCode(refusal.status)
    }
  }
}

/// How an assignment stands, as an exit status.
enum WorkStatus {
  static let waitsForPerson = ExitCode(3)

  static func code(of assignment: AssignmentView) -> ExitCode {
    switch assignment.state {
    case "done": ExitCode.success
    case "failed", "parked", "stopped": ExitCode.failure
    default: waitsForPerson
    }
  }
}
