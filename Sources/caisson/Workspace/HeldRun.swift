import ArgumentParser
import Crypto
import Foundation
import Journal
import Policy
import Sandbox
import SystemPackage

/// A run whose changes a person looks at or decides on: its record, its policy and its rows.
struct HeldRun {
  let record: WorkspaceRecord
  let journal: Journal
  private let policy: CompiledPolicy
  private let summary: RunSummary?

  /// Finds the run that a person names: an id, the beginning of one, or `last`. Without a name it is
  /// the newest whose workspace is the current directory and whose changes wait.
  init(_ text: String?) throws {
    let home = try Home.current()
    guard let journal = try home.existingJournal() else {
      throw text.map(JournalError.unknownRun) ?? HeldRunError.noneHere
    }
    let id = try text.map(journal.resolve) ?? Self.newestHere(journal)
    self.journal = journal
    let directory = home.runs.appending(id)
    record = try Self.read("workspace.json", in: directory) {
      try JSONDecoder().decode(WorkspaceRecord.self, from: $0)
    }
    let document = try Self.read("policy.yaml", in: directory) { data in
      let text = String(decoding: data, as: UTF8.self)
      return try PolicyDocument.parse(text, file: directory.appending("policy.yaml").string)
    }
    let own = [home.state, home.config, home.runtime].map(\.string)
    policy = try CompiledPolicy(
      document,
      PolicyVariables(
        workspace: record.lower.string,
        home: Home.ofUser().flatMap { HostTree.find($0.string, isSystem: true) }?.real,
        ownDirectories: own
      )
    )
    var summary = try journal.run(id)
    if let found = summary, try journal.noticeAbandoned(among: [found]) {
      summary = try journal.run(id)
    }
    self.summary = summary
    if summary?.fate == .discarded {
      throw HeldRunError.discarded(id)
    }
  }

  private static func newestHere(_ journal: Journal) throws -> String {
    let here = HostTree.find(FileManager.default.currentDirectoryPath, isSystem: false)?.real
    let waiting = try journal.runs(limit: 1000).first { run in
      guard
        run.started.workspace == here
          || (run.started.workspaceMode == "branch" && run.started.directory == here)
      else { return false }
      switch (run.fate, run.state) {
      // What was interrupted is finished first.
      case (.applying, _), (.undoing, _): return true
      case (.undone, .ended(let end)), (nil, .ended(let end)): return end.changes?.total != 0
      default: return false
      }
    }
    guard let waiting else { throw HeldRunError.noneHere }
    return waiting.run
  }

  private static func read<Value>(
    _ name: String,
    in directory: FilePath,
    _ decode: (Data) throws -> Value
  ) throws -> Value {
    let path = directory.appending(name)
    guard let data = FileManager.default.contents(atPath: path.string) else {
      throw HeldRunError.incomplete(path.string)
    }
    return try decode(data)
  }

  var id: String { record.run.text }

  /// Whether its supervisor is alive, as far as anyone can tell.
  var isRunning: Bool { summary?.state == .running }

  /// Whether it left no changes; then its layer was removed at its end, unless it can be continued.
  var isEmpty: Bool {
    guard case .ended(let end) = summary?.state, end.changes?.total == 0 else { return false }
    return (try? record.layer.appending(RunFiles.lockName).stat()) == nil
  }

  /// What the rows say became of its changes.
  var fate: RunSummary.Fate? { get throws { try journal.run(id)?.fate } }

  /// What it had changed at its end; nil where nobody counted.
  var endChanges: ChangeCounts? {
    if case .ended(let end) = summary?.state { end.changes } else { nil }
  }

  /// What the run changed and what is not applied yet.
  func changes() throws -> ChangeSet {
    try isEmpty ? ChangeSet(empty: record) : ChangeSet.scan(record)
  }

  /// What the policy says about applying a change.
  func judge(_ change: Change) -> ApplyVerdict {
    judge(change.path, (change.after ?? change.before)?.kind)
  }

  func judge(_ path: RelativePath, _ found: FileKind?) -> ApplyVerdict {
    let kind: EntryKind =
      switch found {
      case .file: .file
      case .directory: .directory
      case .symbolicLink: .link
      default: .other
      }
    switch policy.decideApply(relativePath: path.bytes, kind: kind) {
    case .allow: return .allow
    case .hold(let rule, let remedy): return .hold(rule: rule, remedy: remedy)
    case .deny(let rule, let remedy): return .deny(rule: rule, remedy: remedy)
    }
  }

  /// Paths as a person writes them: in the workspace, absolute, or quoted as diff prints them.
  func paths(_ texts: [String]) throws -> [RelativePath] {
    try texts.map { text in
      var bytes = PrintableText.unquoted(text)
      let root = record.lower.bytes
      if bytes.first == UInt8(ascii: "/"), bytes.starts(with: root) {
        let rest = bytes.dropFirst(root.count)
        if rest.isEmpty || rest.first == UInt8(ascii: "/") {
          bytes = Array(rest.drop { $0 == UInt8(ascii: "/") })
        }
      }
      guard let path = RelativePath(bytes) else {
        throw ValidationError(
          "\(PrintableText.quotedName(text.utf8)) is no path in the workspace "
            + "\(PrintableText.quotedName(root)); name it as `caisson diff --name-only` does"
        )
      }
      return path
    }
  }

  /// Warns where an apply or undo was interrupted, since the workspace is between two states.
  func announceUnfinished() throws {
    guard let verb = try Recovery.pending(record) else { return }
    complain(
      "an interrupted \(verb) of run \(id) is not finished: "
        + "`caisson \(verb) \(id) --recover` finishes it or takes it back"
    )
  }
}

enum HeldRunError: Error, CustomStringConvertible {
  case discarded(String)
  case incomplete(String)
  case noneHere

  var description: String {
    switch self {
    case .discarded(let run):
      "the changes of run \(run) were discarded: there is nothing to show or to apply"
    case .noneHere:
      "no run of this directory holds changes; see `caisson runs`, and name one"
    case .incomplete(let path):
      "\(path) cannot be read, so nothing is known of the run's changes; "
        + "see `caisson audit` for what the run did"
    }
  }
}

extension ChangeSet {
  /// A short name for exactly these changes: nothing about them can differ without its differing.
  var digest: String {
    var hash = SHA256()
    canonicalBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().prefix(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
