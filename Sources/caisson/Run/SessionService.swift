import Sandbox

/// What makes a run a session: its command is the service that takes requests on standard input, and
/// it may be continued under its name.
struct SessionService {
  /// Where the service's program lies inside.
  static let program = "/etc/caisson/exec"

  /// The run's name, as the caller chose it; nil for a new one that nobody means to continue.
  let runID: String?
  /// Whether the policy's models are left out: whoever drives the session calls them from outside.
  let ignoresModels: Bool

  func run() throws -> RunID? {
    guard let runID else { return nil }
    guard let run = RunID(runID) else {
      throw RunSession.Refusal(
        status: 64,
        message: "--run-id \(runID): a run's name is twelve of 0-9 and a-z without i, l, o and u"
      )
    }
    return run
  }

  /// The service's program on this machine.
  static func onHost() throws -> GrantedPath {
    let path = RunSession.ownPath("caisson-exec")
    guard let found = HostTree.find(path, isSystem: true), !found.isDirectory else {
      throw RunSession.Refusal.failed("the session's service is missing: \(path); build it again")
    }
    return found
  }
}
