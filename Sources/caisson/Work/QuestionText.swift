import Policy
import WorkWire

/// A question as it is shown to whoever answers it: whole, since the answer holds for exactly that.
struct QuestionText {
  let question: QuestionView
  let paint: Paint

  func lines(now: Int64) -> [String] {
    [paint.bold("question \(question.id)") + waited(now)] + subject + [""] + ways
  }

  private func waited(_ now: Int64) -> String {
    var text = ", asked \(RunTable.age(microseconds: now - question.created))"
    if let expires = question.expires {
      let left = Double(max(0, expires - now)) / 1_000_000
      text += ", expires in \(RunTable.duration(seconds: left))"
    }
    return text
  }

  // MARK: What is asked

  private var subject: [String] {
    let action = question.action
    let rule = action["rule"]?.string.map { " (the policy's rule: \($0.printable))" } ?? ""
    switch action["kind"]?.string {
    case "command":
      return ["It wants to run\(rule):"] + block(action["command"]?.string, "")
    case "write":
      return ["It wants to write \(text("path")), whole\(rule):"]
        + block(action["content"]?.string, "+")
    case "edit":
      return ["It wants to change \(text("path"))\(rule):"]
        + block(action["old"]?.string, "-") + block(action["new"]?.string, "+")
    case "question": return ["It asks:"] + block(action["question"]?.string, "")
    case "spend":
      let times = action["times"]?.int ?? 1
      let again = times > 1 ? "; that much is spent \(times) times over" : ""
      return [
        "It has spent what it may without a word of yours, and wants to go on\(rule)\(again)."
      ]
    case "fate": return fate
    case "tools": return tools
    case "conflict": return conflict
    case "tool-call": return toolCall
    default: return ["It asks for:"] + block(whole, "")
    }
  }

  private var conflict: [String] {
    let paths = question.action["paths"]?.elements.compactMap(\.string) ?? []
    let complaint = question.action["complaint"]?.string
    return [
      "The branch of task \(text("task")) (run \(text("run"))) and what is merged already changed the "
        + "same lines of \(paths.joined(separator: ", ").printable):"
    ] + block(question.action["conflicts"]?.string, "")
      + (complaint.map { ["It was tried to settle it: \($0.printable)"] } ?? [])
  }

  private var tools: [String] {
    var lines = ["It wants to use tools of the server \(text("server")), which runs by:"]
    lines += block(
      question.action["command"]?.elements.compactMap(\.string).joined(separator: " "),
      ""
    )
    lines += ["under this policy:"] + block(question.action["policy"]?.string, "")
    for tool in question.action["tools"]?.elements ?? [] {
      lines.append("tool \(tool["name"]?.string?.printable ?? "?"):")
      if tool["hides_text"] != nil {
        lines.append(paint.red("    It holds characters that you do not see and the model does."))
      }
      lines += block((try? JSONText.encode(tool)) ?? "?", "")
    }
    return lines
  }

  /// What another agent wants to do with a tool of its own, by its own account.
  private var toolCall: [String] {
    let tool = question.action["tool"]?.string.map { " (\($0.printable))" } ?? ""
    var lines = ["\(text("agent")) wants to\(tool):"] + block(question.action["title"]?.string, "")
    if let input = question.action["input"]?.string { lines += ["with:"] + block(input, "") }
    for part in question.action["content"]?.elements ?? [] {
      if let path = part["path"]?.string {
        let isNew = part["old"] == .null
        lines.append(isNew ? "a new file \(path.printable):" : "a change of \(path.printable):")
        if !isNew { lines += block(part["old"]?.string, "-") }
        lines += block(part["new"]?.string, "+")
      } else {
        lines += block(part["text"]?.string, "")
      }
    }
    let places = question.action["places"]?.elements.compactMap(\.string) ?? []
    if !places.isEmpty { lines += ["at:"] + block(places.joined(separator: "\n"), "") }
    let choices = question.action["choices"]?.elements.compactMap(\.string) ?? []
    lines.append("Its choices: " + choices.map(\.printable).joined(separator: ", "))
    return lines
  }

  private var fate: [String] {
    let request = question.action["request"] ?? .null
    let what = request["command"]?.string ?? request["path"]?.string ?? whole
    let attempt = question.action["attempt"]?.int ?? 1
    return [
      "Its worker died in step \(question.action["step"]?.int ?? 0) (\(text("effect"))), "
        + "begun \(attempt == 1 ? "once" : "\(attempt) times"), and nobody can tell whether it happened:"
    ] + block(what, "")
  }

  private func text(_ key: String) -> String { question.action[key]?.string?.printable ?? "?" }

  private var whole: String { (try? JSONText.encode(question.action)) ?? "?" }

  private func block(_ text: String?, _ mark: String) -> [String] {
    (text ?? "?").withoutLastBreak.printableLines.map { line in
      let whole = "    \(mark)\(line)"
      switch mark {
      case "+": return paint.green(whole)
      case "-": return paint.red(whole)
      default: return whole
      }
    }
  }

  // MARK: How to answer

  private var ways: [String] {
    let id = question.id
    switch question.action["kind"]?.string {
    case "question":
      return [
        "  answer:  caisson approve \(id) --comment 'your answer'", "  no:      caisson deny \(id)",
      ]
    case "conflict":
      return [
        "  an agent settles it:  caisson approve \(id)   (--comment 'how', if you like)",
        "  leave it out:         caisson deny \(id)   (its work stays in run \(text("run")))",
      ]
    case "fate":
      return [
        "  do it again:      caisson approve \(id)",
        "  it has happened:  caisson approve \(id) --happened",
        "  leave it:         caisson deny \(id)",
      ]
    default:
      let wider =
        switch question.scope {
        case "session": "   (--scope session: in all of this assignment)"
        case "always": "   (--scope always: from now on; --scope session: in this assignment)"
        default: ""
        }
      return ["  yes:  caisson approve \(id)\(wider)", "  no:   caisson deny \(id)"]
    }
  }
}
