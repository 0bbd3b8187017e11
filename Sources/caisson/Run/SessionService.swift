import Glibc
import Journal
import Sandbox

/// What makes a run a session: its command is the service that takes requests on standard input, and
/// it may be continued under its name.
struct SessionService {
  /// Where the service's program lies inside.
  static let program = "/etc/caisson/exec"

  /// The run's name, as the caller chose it; nil for a new one that nobody means to continue.
  let runID: String?
  let models: RunModels.Access
  /// The run, and its commit, that a new branch begins at, as `RUN:COMMIT`.
  var beginning: String?

  /// The key that whoever drives the session holds, from descriptor 3: neither arguments nor
  /// variables, which others may read, carry it. The descriptor is closed, so that nothing inherits it.
  static func inheritedKey() -> KeySecret? {
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(3, &bytes, bytes.count)
    close(3)
    return count > 0 ? KeySecret(String(decoding: bytes.prefix(count), as: UTF8.self)) : nil
  }

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
