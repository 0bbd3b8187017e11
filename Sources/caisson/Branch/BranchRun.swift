import Crypto
import Foundation
import Glibc
import Journal
import Policy
import Sandbox
import SystemPackage

/// A run with a branch of its own, whose work a person looks at or decides on.
///
/// Only one command works on a run's branch at a time: the others wait.
final class BranchRun {
  let held: HeldRun
  let workspace: BranchWorkspace
  private let home: Home
  private let lock: Int32

  var record: BranchRecord { workspace.record }

  init(_ held: HeldRun) throws {
    self.held = held
    home = try Home.current()
    let directory = held.record.layer
    workspace = try BranchWorkspace.open(in: directory.string)
    lock = open(directory.appending("branch-lock").string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw WorkspaceError.busy("run \(held.id)")
    }
    if flock(lock, LOCK_EX | LOCK_NB) != 0 {
      complain("waiting for another command that works on run \(held.id)")
      while flock(lock, LOCK_EX) != 0, errno == EINTR {}
    }
  }

  deinit { if lock >= 0 { close(lock) } }

  /// Has what the run left taken in and checked.
  func intake(_ mode: SealedGit.Mode) throws -> BranchIntake {
    try SealedGit(home: home, workspace: workspace).harvest(mode)
  }

  func transaction() throws -> BranchTransaction {
    try BranchTransaction(workspace, environment: ProcessInfo.processInfo.environment)
  }

  var state: BranchState? { get throws { try BranchState.read(in: workspace.directory) } }

  /// What the policy says about taking a change. An attributes file that names a program for content
  /// to pass through is a start-up file, too.
  func judge(_ change: Change, in changes: BranchChanges) -> ApplyVerdict {
    let verdict = held.judge(change)
    guard verdict == .allow, change.path.name == Array(".gitattributes".utf8), change.after != nil
    else { return verdict }
    let text = changes.after.string + "/" + String(decoding: change.path.bytes, as: UTF8.self)
    let isPlain =
      change.after?.kind == .file
      && (HostTree.text(text)?.split(whereSeparator: \.isNewline) ?? []).allSatisfy { line in
        !line.split(whereSeparator: \.isWhitespace).dropFirst().contains { word in
          ["filter=", "merge=", "diff="].contains { word.hasPrefix($0) }
        }
      }
    return isPlain ? .allow : .hold(rule: BuiltInRule.startUpFiles.name, remedy: nil)
  }

  /// What the policy says about a path that lies in a commit on the way: anybody who goes back there
  /// has it in his work tree.
  func judge(onTheWay path: RelativePath) -> ApplyVerdict {
    for kind in [FileKind.file, .symbolicLink] {
      let verdict = held.judge(path, kind)
      if verdict != .allow { return verdict }
    }
    return .allow
  }

  /// What goes beyond the changes of files, one sentence each.
  func notes(_ harvest: BranchHarvest) -> [String] {
    var notes: [String] = []
    if let damage = harvest.damage {
      notes.append(
        "the run's repository cannot be read (\(damage.printable)): its commits are left out, its work "
          + "tree is taken as one commit"
      )
    }
    if let head = harvest.head, head != record.reference, harvest.damage == nil {
      notes.append("the run ended at \(head.shortBranch.printable), which is what is taken")
    }
    for other in harvest.others {
      notes.append(
        "not taken: \(other.name.shortBranch.printable) has \(other.commits.counted("commit")) of its own"
      )
    }
    for path in harvest.nested {
      notes.append(
        "not taken: \(path.printable) is a repository of its own, or a submodule's place"
      )
    }
    if harvest.ignored > 0 {
      notes.append(
        "not taken: \(harvest.ignored.counted("path")) that the run's work tree has git ignore, in "
          + workspace.tree.printable
      )
    }
    for trouble in harvest.troubles { notes.append("not taken: git says \(trouble.printable)") }
    return notes
  }

  /// A short name for exactly what the branch holds.
  static func digest(_ changes: BranchChanges) -> String {
    SHA256.hash(data: changes.canonicalBytes).prefix(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

extension Int {
  /// `1 commit`, `2 commits`.
  func counted(_ word: String) -> String { "\(self) \(word)\(self == 1 ? "" : "s")" }
}
