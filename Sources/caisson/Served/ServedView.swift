import Foundation
import Policy
import WorkWire

/// An assignment as other programs and their models read it: money and times in words.
struct ServedAssignment: Encodable {
  let id: String
  let task: String
  let state: String
  /// Nothing more happens to it unless somebody says so.
  let isOver: Bool
  /// It waits for a person's answer.
  let asks: Bool
  /// Why it ended so, or what it has to say at its end.
  let reason: String?
  let directory: String
  let workspace: String?
  let agent: String
  let model: String
  let policy: String
  let steps: Int
  let spent: String
  let budget: String?
  let given: String
  let changed: String
  let parent: String?

  static let longestTask = 2_000
  static let longestReason = 8_000

  init(_ view: AssignmentView) {
    id = view.id
    task = view.text.cut(Self.longestTask)
    state = view.state
    isOver = view.isOver
    asks = !view.isOver && view.questions > 0
    reason = view.reason?.cut(Self.longestReason)
    directory = view.directory
    workspace = view.workspace
    agent = view.agent
    model = view.model
    policy = view.policyName
    steps = view.steps
    spent = Self.money(view.spent)
    budget = view.budget.map(Self.money)
    given = Timestamp.text(microseconds: view.created)
    changed = Timestamp.text(microseconds: view.changed)
    parent = view.parent
  }

  static func money(_ picoDollars: Int64) -> String { Money(picoDollars: picoDollars).text }

  /// Its state and what may be done next, in words.
  static func text(_ view: AssignmentView) -> String {
    let plain = Paint(isOn: false)
    var lines = [
      "\(view.id): \(AssignmentText.state(view, plain)), \(view.steps) steps, "
        + AssignmentText.cost(view)
    ]
    if let reason = view.reason { lines.append(reason.cut(longestReason)) }
    switch view.state {
    case "done" where view.workspace != "direct" && view.workspace != "none":
      lines.append(
        "What it changed is held back: see it with diff. A person takes it with: "
          + "caisson apply \(view.id)"
      )
    case "waiting" where view.questions > 0, "running" where view.questions > 0:
      lines.append(
        "It waits for a person, who alone may answer: caisson approve \(view.id), or "
          + "caisson deny \(view.id). See questions."
      )
    default: break
    }
    return lines.joined(separator: "\n")
  }
}

/// A question as other programs may see it. There is no way to answer it here.
struct ServedQuestion: Encodable {
  let id: String
  let assignment: String
  /// Nil where it is too large to be told here.
  var action: JSONValue?
  let asked: String
  let expires: String?
  let answerWith: String

  init(_ question: QuestionView) {
    id = question.id
    assignment = question.assignment
    action = question.action
    asked = Timestamp.text(microseconds: question.created)
    expires = question.expires.map { Timestamp.text(microseconds: $0) }
    answerWith = "caisson approve \(question.id)"
  }

  private static let most = 200
  /// Bytes of the actions of one answer.
  private static let largestActions = 256 << 10

  /// Questions of one answer: once its room is full, without what they are about.
  static func list(_ questions: [QuestionView]) -> [ServedQuestion] {
    var left = largestActions
    return questions.prefix(most).map { question in
      var served = ServedQuestion(question)
      let length = (try? JSONEncoder().encode(question.action).count) ?? .max
      if length > left { served.action = nil } else { left -= length }
      return served
    }
  }

  /// The word for those whose actions are left out, and for those that are left out themselves.
  static func leftOut(_ shown: [ServedQuestion], of all: [QuestionView]) -> String? {
    let bare = shown.filter { $0.action == nil }.map(\.id) + all.dropFirst(most).map(\.id)
    guard !bare.isEmpty else { return nil }
    return
      "\(bare.count) are too much to be shown here; a person sees them with caisson show ASSIGNMENT: "
      + bare.prefix(most).joined(separator: ", ")
  }
}

extension String {
  /// No more than so many bytes, with a word where it was cut.
  func cut(_ length: Int) -> String {
    guard utf8.count > length else { return self }
    var kept = String(decoding: utf8.prefix(length), as: UTF8.self)
    while kept.unicodeScalars.last == "\u{FFFD}" { kept.unicodeScalars.removeLast() }
    return kept + "… (\(utf8.count - length) bytes more)"
  }
}
