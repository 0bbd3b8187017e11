import ACP
import Foundation
import Sandbox
import SystemPackage

/// What an assignment changed, as an editor shows it before a person decides on it.
///
/// Every path is named, with what it is and its permissions; of contents only so much is shown.
struct EditorChanges: Sendable {
  /// Nothing else than what has this digest is taken.
  let digest: String
  let count: Int
  /// Whether every path is named: what is not is not decided on here.
  let isWhole: Bool
  let parts: [ToolCallReport.Part]
  let locations: [ToolCallReport.Location]

  private static let mostPaths = 2_000
  /// Bytes of all names.
  private static let longestList = 500_000
  /// Files whose contents are shown.
  private static let mostFiles = 100
  /// Bytes of one side of a file, and of all of them.
  private static let largestFile = 200_000
  private static let largest = 2_000_000

  var title: String { "Changes in \(count) path\(count == 1 ? "" : "s")" }

  /// What there is to be taken of a run; nil where it left nothing, or worked on the directory itself.
  static func read(_ id: String) throws -> EditorChanges? {
    let held = try HeldRun(id)
    if held.record.mode == .direct || held.record.mode == .none || held.isEmpty { return nil }
    let root = held.record.lower.string
    if held.record.mode == .branch {
      let run = try BranchRun(held)
      let all = try run.intake(.look).changes()
      let diff = try ChangeDiff(before: all.before, after: all.after)
      let notes = all.onTheWay.filter { run.judge(onTheWay: $0) != .allow }
        .map { "! held at apply: \($0.display.printable), in a commit on the way" }
      return try EditorChanges(all.changes, diff, BranchRun.digest(all), root, notes) {
        run.judge($0, in: all)
      }
    }
    let set = try held.changes()
    if set.changes.isEmpty { return nil }
    return try EditorChanges(
      set.changes,
      ChangeDiff(held.record),
      set.digest,
      root,
      [],
      held.judge
    )
  }

  private init(
    _ changes: [Change],
    _ diff: ChangeDiff,
    _ digest: String,
    _ root: String,
    _ notes: [String],
    _ judge: (Change) -> ApplyVerdict
  ) throws {
    self.digest = digest
    count = changes.count
    var (lines, length) = (notes, notes.reduce(0) { $0 + $1.utf8.count })
    var parts: [ToolCallReport.Part] = []
    var locations: [ToolCallReport.Location] = []
    var size = 0
    var named = 0
    for change in changes.prefix(Self.mostPaths) where length < Self.longestList {
      named += 1
      var told = diff.headers(of: change)
      told += change.remarks.map { "! " + $0 }
      if let remark = ChangeText.remark(judge(change), change) { told.append("! " + remark) }
      let isShown =
        Self.isFile(change) && parts.count < Self.mostFiles && size < Self.largest
      let texts =
        isShown || Self.hasLink(change)
        ? try diff.texts(of: change, atMost: Self.largestFile) : nil
      if isShown, let texts {
        size += texts.old.utf8.count + texts.new.utf8.count
        let path = "\(root)/\(change.path.display)"
        locations.append(.init(path: path))
        let old = change.before == nil ? nil : texts.old
        parts.append(.diff(path: path, old: old, new: texts.new))
      } else {
        told += Self.instead(change, texts)
      }
      told = told.map(\.printable)
      length += told.reduce(0) { $0 + $1.utf8.count }
      lines += told
    }
    isWhole = named == changes.count
    if !isWhole { lines.append("… and \(changes.count - named) more paths") }
    let list = EditorMarkup.fenced(lines.joined(separator: "\n"))
    self.parts = [.content(.text(list))] + parts
    self.locations = locations
  }

  private static func kinds(_ change: Change) -> [FileKind] {
    [change.before, change.after].compactMap { $0?.kind }
  }

  /// Whether it is a file, on both sides that there are: the text of a link is its target.
  private static func isFile(_ change: Change) -> Bool {
    kinds(change).allSatisfy { $0 == .file }
  }

  private static func hasLink(_ change: Change) -> Bool {
    kinds(change).contains(.symbolicLink)
  }

  /// In place of a content that is not shown.
  private static func instead(_ change: Change, _ texts: (old: String, new: String)?) -> [String] {
    if case .unsupported = change.obstacle { return [] }
    if change.kind == .modified, change.aspects.isDisjoint(with: [.content, .type]) { return [] }
    let sides = [("-", change.before, texts?.old), ("+", change.after, texts?.new)]
    return sides.compactMap { sign, status, text in
      switch status?.kind {
      case .file: "\(sign) \(ChangeDiff.size(Int(clamping: status?.size ?? 0))), not shown here"
      case .symbolicLink: "\(sign) link to \(text ?? "what is not shown here")"
      default: nil
      }
    }
  }
}
