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
    case "spend": return ["It wants to spend more\(rule)."]
    case "fate": return fate
    case "tools": return tools
    default: return ["It asks for:"] + block(whole, "")
    }
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
