internal import Glibc

/// Why a run could not be made, or could not go on.
package enum SandboxError: Error, CustomStringConvertible, Equatable {
  /// A system call of the supervisor.
  case system(call: String, error: Int32)
  /// A step of the launcher.
  case launch(step: String, error: Int32)
  /// The command does not exist inside, or cannot be run.
  case notFound(command: String)
  case notExecutable(command: String, error: Int32)
  /// The launcher is not where it belongs.
  case noLauncher(path: String)
  /// The process in which the run's network ends: what is wrong with it.
  case egress(String)
  /// The run's PID 1 ended without a word.
  case lost
  /// Arguments, environment and grants together are more than the launcher reads.
  case tooMuch(bytes: Int, most: Int)

  package var description: String {
    switch self {
    case .system(let call, let error): "\(call): \(Self.text(error))"
    case .launch(let step, let error): "\(step): \(Self.text(error))\(Self.hint(step, error))"
    case .notFound(let command): "\(command): not found inside the run"
    case .notExecutable(let command, let error):
      "\(command): cannot be run inside: \(Self.text(error))"
    case .noLauncher(let path): "the launcher is missing: \(path); build it again"
    case .tooMuch(let bytes, let most):
      "the command, its environment and its grants need \(bytes) bytes, and \(most) is the most; "
        + "pass large inputs by a file"
    case .egress(let what): "caisson-egress: \(what); without it a run has no way out"
    case .lost: "the run's first process was killed from outside"
    }
  }

  private static func text(_ error: Int32) -> String { String(cString: strerror(error)) }

  /// What a person can do about the failures that machines are known for.
  private static func hint(_ step: String, _ error: Int32) -> String {
    if step.hasPrefix("clone the namespaces"), error == EPERM || error == ENOSPC {
      return
        "; this machine gives no user namespaces to this user: see 'caisson doctor'"
    }
    if step.hasPrefix("mount overlay"), error == EINVAL {
      return
        "; the workspace or Caisson's state directory lies on a file system that cannot be a layer "
        + "(such as another overlay), or a mount lies below the workspace: use --workspace direct, "
        + "or set CAISSON_HOME to a directory on a disk"
    }
    if step.contains("idmap"), error == EINVAL {
      return "; this file system cannot be id-mapped: run as an ordinary user, or use another disk"
    }
    return ""
  }
}
