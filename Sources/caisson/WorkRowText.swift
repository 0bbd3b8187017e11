import Foundation
import Journal

/// What a row about an assignment says to a person.
enum WorkRowText {
  static func sentence(_ row: WorkRow) -> String {
    let fields = (try? JSONDecoder().decode(Fields.self, from: Data(row.payload.utf8))) ?? Fields()
    let step = fields.step.map { "step \($0)" } ?? "a step"
    switch row.kind {
    case "assigned": return "assigned: \(fields.text ?? "")"
    case "assignment-taken":
      let worker = fields.worker?.split(separator: " ").prefix(2).joined(separator: " process ")
      let again = fields.recovery == true ? "taken over, since its worker died," : "taken"
      return "\(again) by a worker on \(worker ?? "?") (epoch \(fields.epoch ?? 0))"
    case "assignment-waits": return "waits for \(fields.for ?? "?")"
    case "assignment-ended":
      return (fields.state ?? "ended") + (fields.reason.map { ": \($0)" } ?? "")
    case "assignment-resumed": return "resumed by \(fields.by ?? "?")"
    case "assignment-asked-to-stop": return "asked to stop by \(fields.by ?? "?")"
    case "step-intent":
      return "\(step) begins: \(fields.kind ?? "?") (\(fields.class ?? "?")) \(brief(row.payload))"
    case "step-again":
      return "\(step) begins again (\(fields.attempt ?? 0)): \(fields.reason ?? "")"
    case "step-outcome": return "\(step) \(fields.status ?? "ended") \(brief(row.payload))"
    case "approval-asked": return "asks \(fields.approval ?? "?"): \(brief(row.payload))"
    case "approval-answered":
      return "\(fields.approval ?? "?") \(fields.state ?? "?") by \(fields.by ?? "?")"
        + (fields.comment.map { ": \($0)" } ?? "")
    case "approval-closed": return "\(fields.approval ?? "?") \(fields.state ?? "?")"
    case "notified": return "told of \(fields.kind ?? "?"): \(fields.receipt ?? "?")"
    default: return "\(row.kind) \(row.payload)"
    }
  }

  private struct Fields: Decodable {
    var approval, by, `class`, comment, `for`, kind, reason, receipt, state, status, text,
      worker: String?
    var attempt, step: Int?
    var epoch: Int64?
    var recovery: Bool?
  }

  /// The beginning of what was asked or answered; the whole of it is in `--json`.
  private static func brief(_ payload: String) -> String {
    let text = payload.dropFirst(payload.hasPrefix(#"{"action":"#) ? 10 : 8)
    return text.count > 160 ? "\(text.prefix(160))…" : String(text)
  }
}
