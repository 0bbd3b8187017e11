import ACP
import WorkWire

/// A question of an assignment as the person at the editor is asked it.
struct EditorQuestion {
  let question: QuestionView
  let session: String
  let directory: String

  private var action: JSONValue { question.action }
  private var kind: String { action["kind"]?.string ?? "" }

  /// A question whose answer is words: it is the next thing that the person writes.
  var wantsWords: Bool { kind == "question" }

  /// Whether an agent's process waits for the answer, so that its assignment is under way meanwhile.
  static func isOfProcess(_ question: QuestionView) -> Bool {
    question.action["kind"]?.string == "tool-call"
  }

  /// All of it, as it is: what is shown is what the answer holds for.
  var text: String {
    EditorMarkup.fenced(
      QuestionText(question: question, paint: Paint(isOn: false)).lines(now: Clock.now())
        .dropFirst().prefix { !$0.isEmpty }.joined(separator: "\n")
    )
  }

  var toolCallID: String { "ask-\(question.id)" }

  var request: PermissionRequest {
    var report = ToolCallReport(id: toolCallID, title: title, kind: toolKind, status: "pending")
    report.content = content
    return PermissionRequest(session: session, toolCall: report, options: options)
  }

  private var title: String {
    func piece(_ key: String, _ length: Int = 200) -> String {
      EditorMarkup.piece((action[key]?.string ?? "?").brief(length))
    }
    return switch kind {
    case "command": "Run: " + piece("command")
    case "write", "edit": "Write " + piece("path")
    case "tool-call": piece("title")
    case "fate": "What became of a step whose worker died?"
    case "tools": "Use tools of the server " + piece("server", 100)
    case "spend": "Spend more"
    default: "The agent asks"
    }
  }

  private var toolKind: String {
    switch kind {
    case "command", "fate": "execute"
    case "write", "edit": "edit"
    default: "other"
    }
  }

  private var content: [ToolCallReport.Part] {
    let whole = ToolCallReport.Part.content(.text(text))
    guard let path = action["path"]?.string else { return [whole] }
    let place = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    switch kind {
    case "write":
      return [whole, .diff(path: place, old: nil, new: action["content"]?.string ?? "")]
    case "edit":
      let (old, new) = (action["old"]?.string, action["new"]?.string ?? "")
      return [whole, .diff(path: place, old: old, new: new)]
    default: return [whole]
    }
  }

  // MARK: Answers

  private enum Choice: String {
    case once, session, always, again, happened, deny
  }

  private var options: [PermissionOption] {
    func option(_ choice: Choice, _ name: String, _ kind: PermissionOption.Kind) -> PermissionOption
    {
      PermissionOption(id: choice.rawValue, name: name, kind: kind)
    }
    if kind == "fate" {
      return [
        option(.again, "Do it again", .allowOnce),
        option(.happened, "It has happened: go on", .allowOnce),
        option(.deny, "Leave it, and go on", .rejectOnce),
      ]
    }
    var options = [option(.once, "Allow once", .allowOnce)]
    if question.scope != "once" {
      options.append(option(.session, "Allow in all of this assignment", .allowAlways))
    }
    if question.scope == "always" {
      options.append(option(.always, "Allow from now on", .allowAlways))
    }
    return options + [option(.deny, "Deny", .rejectOnce)]
  }

  /// The answer for what was chosen, bound to what was shown; nil where nothing was.
  func order(for outcome: PermissionOutcome) -> AnswerOrder? {
    guard case .selected(let id) = outcome, let choice = Choice(rawValue: id),
      options.contains(where: { $0.id == id })
    else { return nil }
    switch choice {
    case .once, .session, .always:
      return AnswerOrder(approved: true, scope: choice.rawValue, hash: question.hash)
    case .again: return AnswerOrder(approved: true, hash: question.hash)
    case .happened:
      return AnswerOrder(approved: true, comment: Answering.happened, hash: question.hash)
    case .deny: return AnswerOrder(approved: false, hash: question.hash)
    }
  }
}
