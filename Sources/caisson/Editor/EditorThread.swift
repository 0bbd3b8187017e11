import ACP
import Foundation
import WorkWire

/// An assignment's steps as an editor shows them. Fed with what is new, it gives what is to be told.
struct EditorThread {
  /// The directory that paths are meant from.
  let directory: String
  let assignment: String
  private var begun: [Int: Int] = [:]
  private var ended: Set<Int> = []
  /// The newest step up to which all ends have been told.
  private(set) var last = 0

  private static let longestResult = 16_000

  init(_ assignment: AssignmentView) {
    directory = assignment.directory
    self.assignment = assignment.id
  }

  mutating func updates(_ steps: [StepView]) -> [SessionUpdate] {
    var updates: [SessionUpdate] = []
    for step in steps where step.number > last && !ended.contains(step.number) {
      if begun[step.number] == nil { updates += beginning(step) }
      if let before = begun[step.number], step.attempts > before {
        updates += again(step)
      }
      begun[step.number] = step.attempts
      guard step.status != nil else { continue }
      ended.insert(step.number)
      updates += end(step)
    }
    while ended.remove(last + 1) != nil {
      last += 1
      begun[last] = nil
    }
    return updates
  }

  private func isTool(_ step: StepView) -> Bool {
    switch step.kind {
    case "tool:ask", "tool:done": false
    case "agent", "agent:tool": true
    // A person said no, and nothing was begun.
    default: step.kind.hasPrefix("tool:") && step.request != .object([:])
    }
  }

  private func id(_ step: StepView) -> String { "\(assignment).\(step.number)" }

  // MARK: How a step begins

  private func beginning(_ step: StepView) -> [SessionUpdate] {
    guard isTool(step) else { return told(step.request, step.kind) }
    let (title, kind) = title(step)
    var report = ToolCallReport(id: id(step), title: title, kind: kind, status: "in_progress")
    if let path = step.request["path"]?.string {
      report.locations = [.init(path: path.hasPrefix("/") ? path : "\(directory)/\(path)")]
    }
    if let command = step.request["command"]?.string {
      let lines = command.cut(4_000).printableLines.joined(separator: "\n")
      report.content = [.content(.text(EditorMarkup.fenced(lines, as: "sh")))]
    }
    return [.toolCall(report)]
  }

  private func title(_ step: StepView) -> (String, String) {
    let request = step.request
    func piece(_ key: String, _ length: Int = 200) -> String? {
      request[key]?.string.map { EditorMarkup.piece($0.brief(length)) }
    }
    switch step.kind {
    case "tool:bash": return (piece("command") ?? "bash", "execute")
    case "tool:read": return ("Read \(piece("path") ?? "?")", "read")
    case "tool:write": return ("Write \(piece("path") ?? "?")", "edit")
    case "tool:edit": return ("Edit \(piece("path") ?? "?")", "edit")
    case "tool:spawn":
      let count = request["children"]?.elements.count ?? 0
      return ("Give work to \(count) agent\(count == 1 ? "" : "s")", "other")
    case "agent": return (piece("agent", 100) ?? "An agent", "other")
    case "agent:tool": return (piece("title") ?? "?", request["tool"]?.string ?? "other")
    default:
      let name = String(step.kind.dropFirst("tool:".count))
      return (EditorMarkup.piece(name.brief(200)), "other")
    }
  }

  /// What another agent tells of itself.
  private func told(_ request: JSONValue, _ kind: String) -> [SessionUpdate] {
    let text = request["text"]?.string ?? ""
    switch kind {
    case "agent:said" where request["thought"] != nil:
      return [.thought(.text(text.cut(Self.longestResult)))]
    case "agent:said", "agent:plan": return said(text.cut(Self.longestResult))
    default: return []
    }
  }

  private func again(_ step: StepView) -> [SessionUpdate] {
    guard isTool(step) else { return [] }
    let text = "Begun again: its worker died (\(step.attempts) times by now)."
    var report = ToolCallReport(id: id(step), status: "in_progress")
    report.content = [.content(.text(text))]
    return [.toolCallUpdate(report)]
  }

  // MARK: What came of it

  private func end(_ step: StepView) -> [SessionUpdate] {
    let outcome = step.outcome ?? .null
    let text = outcome["text"]?.string ?? ""
    if isTool(step) {
      let isDone = step.status == "done"
      var report = ToolCallReport(id: id(step), status: isDone ? "completed" : "failed")
      if !text.isEmpty {
        report.content = [.content(.text(EditorMarkup.fenced(text.cut(Self.longestResult))))]
      }
      return [.toolCallUpdate(report)]
    }
    switch (step.kind, step.status) {
    case ("model", "done"): return said(outcome["message"]?["content"]?.string)
    case ("model", _), ("shorten", "failed"): return said("The model: " + text.brief(400))
    case ("tool:done", "done"): return said(text)
    default: return []
    }
  }

  private func said(_ text: String?) -> [SessionUpdate] {
    guard let text, text.contains(where: { !$0.isWhitespace }) else { return [] }
    return [.message(.text(text + "\n\n"))]
  }
}
