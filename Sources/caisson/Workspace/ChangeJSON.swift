import Sandbox

/// One change as JSON says it.
struct ChangeJSON: Encodable {
  var path: String
  /// The path's bytes, where they are no UTF-8 and `path` only stands for them.
  var bytes: [UInt8]?
  var change: String
  var type: String
  var formerType: String?
  var mode: String?
  var formerMode: String?
  var size: UInt64?
  var formerSize: UInt64?
  var added: Int?
  var removed: Int?
  var isBinary: Bool?
  var conflict: String?
  var notApplied: String?
  var remarks: [String]?
  var held: String?
  var denied: String?
  var remedy: String?

  init(_ change: Change, _ verdict: ApplyVerdict, _ counts: LineCounts?) {
    if let text = String(validating: change.path.bytes, as: UTF8.self) {
      path = text
    } else {
      path = change.path.display
      bytes = change.path.bytes
    }
    self.change =
      switch change.kind {
      case .added: "added"
      case .modified: "modified"
      case .deleted: "deleted"
      }
    type = (change.after ?? change.before)?.kind.word ?? ""
    mode = change.after.map { Self.octal($0) }
    size = change.after.flatMap { $0.kind == .file ? $0.size : nil }
    if let before = change.before {
      formerMode = Self.octal(before)
      formerSize = before.kind == .file ? before.size : nil
      if change.after != nil, before.kind != change.after?.kind { formerType = before.kind.word }
    }
    if let counts, counts.isBinary {
      isBinary = true
    } else if let counts {
      added = counts.added
      removed = counts.removed
    }
    switch change.obstacle {
    case .conflict(let conflict): self.conflict = conflict.rawValue
    case .unsupported(let reason): notApplied = reason.rawValue
    case nil: break
    }
    if change.obstacle == nil, !change.remarks.isEmpty { remarks = change.remarks }
    switch verdict {
    case .allow: break
    case .hold(let rule, let remedy): (held, self.remedy) = (rule, remedy)
    case .deny(let rule, let remedy): (denied, self.remedy) = (rule, remedy)
    }
  }

  private static func octal(_ status: FileStatus) -> String {
    let text = String(status.mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - text.count)) + text
  }
}
