import Policy
import WorkWire

/// What `caisson show` says of an assignment.
struct DetailText {
  let detail: AssignmentDetail
  let steps: [StepView]
  let paint: Paint
  /// Columns; nil where nothing is cut.
  var width: Int?

  private var assignment: AssignmentView { detail.assignment }

  func lines(now: Int64) -> [String] {
    facts(now) + children + stepLines
      + detail.questions.flatMap { [""] + QuestionText(question: $0, paint: paint).lines(now: now) }
      + (detail.questions.isEmpty ? [""] + AssignmentText.end(assignment, paint).dropFirst() : [])
  }

  private func facts(_ now: Int64) -> [String] {
    var facts = [
      ("task", assignment.text.printableLines.joined(separator: "\n            ")),
      ("state", AssignmentText.state(assignment, paint)),
    ]
    if let reason = assignment.reason {
      facts.append(("why", reason.printableLines.joined(separator: "\n            ")))
    }
    if let worker = assignment.worker { facts.append(("worker", worker.printable)) }
    if assignment.recoveries > 0 {
      facts.append(
        (
          "crashes",
          paint.yellow("\(assignment.recoveries) workers died under it since its newest step")
        )
      )
    }
    if let wake = assignment.wake, wake > now {
      facts.append(("wakes", Timestamp.local(microseconds: wake)))
    }
    if let name = assignment.name { facts.append(("part", name.printable)) }
    if let parent = assignment.parent { facts.append(("given by", parent.printable)) }
    let mode = assignment.workspace.map { ", \($0.printable)" } ?? ""
    facts += [
      ("given", RunTable.age(microseconds: now - assignment.created)),
      ("in", assignment.directory.printable + mode),
      ("model", assignment.model.printable),
      ("policy", assignment.policyName.printable),
      ("cost", AssignmentText.cost(assignment) + heldBack),
    ]
    return [paint.bold("assignment \(assignment.id)")]
      + facts.map { name, text in "  \(name.padding(8))  \(text)" }
  }

  private var heldBack: String {
    assignment.reserved > 0
      ? ", and \(Money(picoDollars: assignment.reserved).text) held back" : ""
  }

  private var children: [String] {
    guard !detail.children.isEmpty else { return [] }
    return ["", paint.bold("its agents")]
      + detail.children.map { child in
        "  \(child.id.printable)  \(AssignmentText.state(child, paint))  "
          + "\(Money(picoDollars: child.spent).text)  "
          + (child.name.map { "\($0.printable): " } ?? "") + child.text.brief(100)
      }
  }

  private var stepLines: [String] {
    guard !steps.isEmpty else { return [] }
    return ["", paint.bold("steps")]
      + steps.map { step in
        let number = String(step.number)
        let line =
          String(repeating: " ", count: max(0, 4 - number.count))
          + "\(number)  \(step.kind.printable.padding(11))  \(status(step))  \(brief(step))"
        let cut = fitted(line)
        return step.status == nil || step.status == "done" ? cut : paint.yellow(cut)
      }
  }

  private func fitted(_ line: String) -> String {
    var line = line
    while line.hasSuffix(" ") { line.removeLast() }
    guard let width, line.count > width, width > 1 else { return line }
    return line.prefix(width - 1) + "…"
  }

  private func status(_ step: StepView) -> String {
    let word = step.status ?? "under way"
    return step.attempts > 1 ? "\(word.printable), begun \(step.attempts) times" : word.printable
  }

  private func brief(_ step: StepView) -> String {
    let request = step.request
    let outcome = step.outcome ?? .null
    let asked =
      request["command"] ?? request["path"] ?? request["question"] ?? request["rule"]
      ?? request["task"] ?? request["child"] ?? request["title"] ?? request["text"]
    let came = outcome["text"] ?? outcome["message"]?["content"] ?? outcome["state"]
    if step.kind == "start" { return "" }
    if step.status == "done" || step.status == nil, let text = asked?.string {
      return text.brief(90)
    }
    return [asked?.string?.brief(50), came?.string?.brief(110)].compactMap(\.self)
      .joined(separator: ": ")
  }
}

extension String {
  fileprivate func padding(_ length: Int) -> String {
    self + String(repeating: " ", count: max(0, length - count))
  }
}
