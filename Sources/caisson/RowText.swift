import Foundation
import Journal
import Policy

/// A row of the journal as a person, or a program, reads it.
enum RowText {
  static func line(_ row: Row, withRun: Bool) -> String {
    let number = String(row.sequence)
    let padding = String(repeating: " ", count: max(0, 6 - number.count))
    let run =
      withRun
      ? "  " + (row.run ?? "").printable.padding(toLength: 12, withPad: " ", startingAt: 0) : ""
    let time = Timestamp.local(microseconds: row.microseconds)
    return "\(padding)\(number)  \(time)\(run)  \(sentence(row.event).printable)"
  }

  /// One object: the row's own fields, and the event's under `event`.
  static func json(_ row: Row) throws -> String {
    let run = try row.run.map { try JSONText.encode($0) } ?? "null"
    // A payload that is no JSON was not written by Caisson: shown as text, it cannot break out.
    let isJSON = (try? JSONSerialization.jsonObject(with: Data(row.payload.utf8))) != nil
    let event = isJSON ? row.payload.printableJSON : try JSONText.encode(row.payload)
    return try #"{"event":\#(event),"hash":"\#(row.hash)","kind":"#
      + JSONText.encode(row.kind)
      + #","run":\#(run),"sequence":\#(row.sequence),"time":"\#(Timestamp.text(microseconds: row.microseconds))"}"#
  }

  static func sentence(_ event: Event) -> String {
    switch event {
    case .runStarted(let start): sentence(start)
    case .runResumed(let start): "goes on: " + sentence(start)
    case .runEnded(let end): sentence(end)
    case .runAbandoned(let abandoned): "lost: \(abandoned.reason)"
    case .denial(let denial): sentence(denial)
    case .limitHit(let hit): "limit \(hit.limit) of \(hit.value) reached: \(hit.detail)"
    case .network(let event): sentence(event)
    case .networkGranted(let granted):
      "granted at the terminal: \(granted.host):\(granted.port)"
    case .networkRevoked(let revoked):
      revoked.remaining == 0
        ? "network revoked" : "network revoked but for \(revoked.remaining) entries"
    case .applyStarted(let apply):
      apply.paths.isEmpty
        ? "apply \(apply.id) begins: all changes"
        : "apply \(apply.id) begins: \(list(apply.paths))"
    case .applyFinished(let apply): sentence(apply)
    case .applyRolledForward(let apply): "apply \(apply.id), interrupted before, was completed"
    case .undoStarted(let undo): "undo of \(undo.id) begins"
    case .undoFinished(let undo):
      "undo of \(undo.id) done: \(undo.restored) restored"
        + (undo.conflicts.isEmpty ? "" : "; left alone, edited since: \(list(undo.conflicts))")
    case .discarded(let discarded):
      "changes discarded" + (discarded.changes.map { ": \(counts($0))" } ?? "")
    case .mergeStarted(let merge): "merge of \(list(merge.runs)) into \(merge.branch) begins"
    case .mergeFinished(let merge):
      "merge of \(list(merge.runs)) into \(merge.branch) done: \(merge.tip.prefix(12))"
    case .modelCall(let call): sentence(call)
    case .work(let row): WorkRowText.sentence(row)
    case .unknown(let kind, let payload): "\(kind) \(payload)"
    }
  }

  private static func sentence(_ start: RunStarted) -> String {
    let command = start.command.map(\.shellQuoted).joined(separator: " ")
    var text = "started \(command) in \(start.workspace) (\(start.workspaceMode)), "
    text += "policy \(start.policyName) \(start.policyHash.prefix(12)), uid \(start.uid)"
    if !start.layers.isEmpty { text += "; enforced: \(start.layers.joined(separator: ", "))" }
    if !start.withheld.isEmpty { text += "; withheld: \(start.withheld.joined(separator: ", "))" }
    return text
  }

  private static func sentence(_ end: RunEnded) -> String {
    var text: String
    if let error = end.error {
      text = "failed: \(error)"
    } else if let signal = end.signal {
      text = "ended by signal \(signal)"
    } else {
      text = "ended with status \(end.exit.map { String($0) } ?? "unknown")"
    }
    if let limit = end.limit { text += ", limit \(limit) reached" }
    text += " after \(RunTable.duration(seconds: end.seconds))"
    text += ", CPU \(RunTable.duration(seconds: end.cpuSeconds))"
    if end.maxMemoryBytes > 0 { text += ", memory \(size(end.maxMemoryBytes))" }
    if let changes = end.changes { text += "; changes: \(counts(changes))" }
    return text + (end.denials > 0 ? "; denials: \(end.denials)" : "")
  }

  private static func sentence(_ denial: Denial) -> String {
    var text = "denied \(denial.what)"
    if let path = denial.path { text += " \(path)" }
    if let program = denial.program { text += " by \(program)" }
    if denial.count > 1 { text += ", \(denial.count) times" }
    text += ": \(denial.layer.rawValue) rule '\(denial.rule)'"
    return text + (denial.remedy.map { "; to allow: \($0)" } ?? "")
  }

  private static func sentence(_ event: NetworkEvent) -> String {
    var text = event.verdict.rawValue
    if let method = event.method { text += " \(method)" }
    let isUsual = event.transport != "udp" && [0, 53, 443].contains(event.port)
    let port = isUsual ? "" : ":\(event.port)"
    if !event.host.isEmpty { text += " \(event.host)\(port)\(event.path ?? "")" }
    if let query = event.query, !query.isEmpty {
      text += "?" + query.map { "\($0)=…" }.joined(separator: "&")
    }
    text += " (\(event.transport)"
    if let status = event.status { text += ", \(status)" }
    if let address = event.address { text += ", at \(address)" }
    text += ")"
    if event.count > 1 { text += ", \(event.count) times" }
    text += ": \(event.rule)"
    if let reason = event.reason { text += "; \(reason)" }
    if let credential = event.credential { text += "; with \(credential)" }
    if let sent = event.sent, let received = event.received, sent + received > 0 {
      text += "; \(size(Int64(clamping: sent))) out, \(size(Int64(clamping: received))) in"
    }
    if let detail = event.detail { text += "; \(detail)" }
    if let package = event.package {
      text += "; \(package.name) \(package.version) "
      text += package.sha256.map { "sha256:\($0)" } ?? "in parts or coded, not hashed"
    }
    if let program = event.program {
      let hash = program.sha256.map { ", sha256 \($0.prefix(12))" } ?? ""
      text += "; by \(program.path) (pid \(program.pid), outside \(program.outsidePID)\(hash))"
    } else if let reason = event.unknownProgram {
      text += "; by no known program: \(reason)"
    }
    return text + (event.remedy.map { "; to allow: \($0)" } ?? "")
  }

  private static func sentence(_ call: ModelCall) -> String {
    var text = "called \(call.model) at \(call.provider), "
    text += Money(picoDollars: call.charged).text
    if call.state == .unknown { text += " (its ceiling: nobody knows whether it was billed)" }
    if call.beyond == true {
      text += ", more than the \(Money(picoDollars: call.ceiling).text) reserved"
    }
    text += ": \(call.outcome); call-\(call.call)"
    if call.attempt > 1 { text += ", attempt \(call.attempt)" }
    if let account = call.account { text += ", budget \(account)" }
    return text + (call.key.map { ", key \($0)" } ?? "")
  }

  private static func sentence(_ apply: ApplyFinished) -> String {
    let done = ChangeCounts(added: apply.added, modified: apply.modified, deleted: apply.deleted)
    var text = "apply \(apply.id) done: \(counts(done))"
    if !apply.held.isEmpty { text += "; held back: \(list(apply.held))" }
    if !apply.conflicts.isEmpty { text += "; in conflict: \(list(apply.conflicts))" }
    return text
  }

  private static func counts(_ changes: ChangeCounts) -> String {
    "\(changes.added) added, \(changes.modified) modified, \(changes.deleted) deleted"
  }

  private static func size(_ bytes: Int64) -> String {
    bytes < 1 << 10 ? "\(bytes) B" : bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
  }

  private static func list(_ paths: [String]) -> String {
    let shown = paths.prefix(5).joined(separator: ", ")
    return paths.count > 5 ? "\(shown) and \(paths.count - 5) more" : shown
  }
}
