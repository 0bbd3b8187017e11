internal import CLinux
package import SystemPackage

/// Why something could not be done with a run's changes. Each text says what, on what, and what to
/// do next.
package enum WorkspaceError: Error, Sendable {
  /// A system call failed.
  case system(doing: String, path: String, number: Int32)
  /// The run's mode holds nothing back.
  case nothingHeld(WorkspaceMode)
  /// The workspace or the layer is not there.
  case missing(what: String, path: String)
  /// The run is still at work.
  case running(RunID)
  /// Another apply, undo or discard works on the same run or workspace.
  case busy(String)
  /// Selected paths changed in the workspace meanwhile.
  case conflicts([(path: RelativePath, conflict: Change.Conflict)])
  /// A path was named in which nothing changed.
  case noSuchChange(RelativePath)
  /// The change set is not the one that was seen.
  case digestDiffers(expected: String, found: String)
  /// Undo would lose edits made after apply.
  case editedSince([RelativePath])
  /// There is nothing to undo.
  case nothingApplied(RunID)
  /// Someone changed a path while it was being applied; everything was put back.
  case interference(RelativePath, restored: Bool)
  /// Files of someone else could not be put back and lie elsewhere.
  case rescued([RelativePath], at: FilePath)
  /// A file of Caisson's own state cannot be read.
  case corrupt(file: String, what: String)
  /// An interrupted apply or undo must be finished first.
  case unfinished(RunID, String)
  /// The private copy would pass the limit.
  case tooLarge(limit: UInt64)

  static func call(_ doing: String, _ path: String, _ result: Int32) -> WorkspaceError {
    .system(doing: doing, path: path, number: -result)
  }

  /// The error number, where it was a system call that failed.
  package var number: Int32? {
    if case .system(_, _, let number) = self { number } else { nil }
  }
}

extension WorkspaceError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let doing, let path, let number):
      let text = cl_fs_error_text(number).map { String(cString: $0) } ?? "error \(number)"
      return "cannot \(doing) \(path): \(text)" + Self.remedy(number)
    case .nothingHeld(let mode):
      return "the run worked in mode '\(mode.rawValue)', which holds no changes back: "
        + "there is nothing to show, apply or discard"
    case .missing(let what, let path):
      return "the \(what) \(path) is not there: it was moved or removed since the run; "
        + "put it back, or discard the run"
    case .running(let run):
      return "run \(run) is still at work; wait for its end or revoke it"
    case .busy(let what):
      return "another apply, undo or discard works on \(what); try again when it has ended"
    case .conflicts(let conflicts):
      let lines = conflicts.map { "\n  \($0.path.display): \($0.conflict.rawValue)" }
      return
        "nothing was applied, since the workspace changed under \(conflicts.count) of the paths:"
        + lines.joined() + "\napply the others by naming them, or settle these by hand"
    case .noSuchChange(let path):
      return
        "the run changed nothing at \(path.display); `caisson diff --name-only` lists its changes"
    case .digestDiffers(let expected, let found):
      return "the changes are not the ones that were seen: expected \(expected), found \(found); "
        + "look at `caisson diff` again"
    case .editedSince(let paths):
      let lines = paths.map { "\n  \($0.display)" }
      return "nothing was undone, since these were edited after the apply and would be lost:"
        + lines.joined() + "\nmove them away, or keep what was applied"
    case .nothingApplied(let run):
      return "nothing of run \(run) is applied, so there is nothing to undo"
    case .interference(let path, let restored):
      return "\(path.display) was changed by someone else at this very moment; "
        + (restored ? "everything was put back as it was; try again" : "run the command again")
    case .rescued(let paths, let place):
      let lines = paths.map { "\n  \($0.display)" }
      return "these were edited by someone else meanwhile and were left as they are; "
        + "their former content lies in \(place):" + lines.joined()
    case .corrupt(let file, let what):
      return "\(file) is damaged (\(what)); the workspace was not touched; "
        + "keep a copy of the run's directory and discard the run"
    case .unfinished(let run, let verb):
      return "an interrupted \(verb) of run \(run) must be finished first: `caisson \(verb) \(run)`"
    case .tooLarge(let limit):
      return "the workspace is larger than the \(limit) bytes that the policy allows for a copy; "
        + "raise limits.disk or work on a smaller directory"
    }
  }

  private static func remedy(_ number: Int32) -> String {
    switch number {
    case 28, 122: "; nothing of the workspace was changed by this; free some space and try again"
    case 13, 1: "; check who owns it and its permissions"
    default: ""
    }
  }
}
