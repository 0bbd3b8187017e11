import WorkWire

/// An assignment's steps as a thread that a person reads: what the agent said, what it did, what came of
/// it. Fed with what is new, it gives the lines that are new.
struct StepText {
  let paint: Paint
  /// Lines of a tool's result that are shown from its beginning and its end.
  var head = 8
  var tail = 6
  /// Attempts of the step under way that have been told.
  private var told: [Int: Int] = [:]
  /// Steps whose end has been told, beyond ``last``.
  private var ended: Set<Int> = []
  /// The newest step up to which all ends have been told.
  private(set) var last = 0

  init(paint: Paint) {
    self.paint = paint
  }

  mutating func lines(_ steps: [StepView]) -> [String] {
    var lines: [String] = []
    // What became of a step that a person was asked about comes after the question.
    var postponed: [StepView] = []
    // An agent that tells what it does ends after all that it told.
    var endings: [StepView] = []
    for (place, step) in steps.enumerated() where isNews(step) {
      if told[step.number] == nil { lines += beginning(step) }
      told[step.number] = told[step.number] ?? 1
      let next = place + 1 < steps.count ? steps[place + 1].kind : ""
      if step.status != nil, next == "inquiry" {
        postponed.append(step)
        continue
      }
      if step.kind == "agent", step.status != nil, next.hasPrefix("agent:") {
        endings.append(step)
        continue
      }
      for step in [step] + postponed.reversed() { lines += rest(step) }
      postponed = []
    }
    for step in endings { lines += rest(step) }
    while ended.remove(last + 1) != nil {
      last += 1
      told[last] = nil
    }
    return lines
  }

  private mutating func rest(_ step: StepView) -> [String] {
    var lines: [String] = []
    if step.attempts > told[step.number] ?? 1 {
      lines.append(
        paint.yellow("  ! begun again, for the \(ordinal(step.attempts)) time: its worker died")
      )
    }
    told[step.number] = step.attempts
    guard step.status != nil else { return lines }
    ended.insert(step.number)
    return lines + end(step)
  }

  /// Whether its end has not been told.
  func isNews(_ step: StepView) -> Bool { step.number > last && !ended.contains(step.number) }

  // MARK: How a step begins

  private func beginning(_ step: StepView) -> [String] {
    let request = step.request
    switch step.kind {
    // A person said no, and nothing was begun.
    case let kind where kind.hasPrefix("tool:") && request == .object([:]): return []
    case "tool:bash": return command(request["command"]?.string ?? "")
    case "tool:read": return [paint.bold("read ") + path(request)]
    case "tool:write": return [paint.bold("write ") + path(request)]
    case "tool:edit": return [paint.bold("edit ") + path(request)]
    case "tool:ask":
      return [paint.yellow("? ") + indented(request["question"]?.string ?? "", first: "")]
    case "tool:spawn": return agents(request)
    case "begin":
      return [
        paint.bold("\(request["task"]?.string?.printable ?? "?") begins: ")
          + (request["child"]?.string?.printable ?? "?")
      ]
    case "settle":
      return [
        paint.bold("the conflict of \(request["task"]?.string?.printable ?? "?") is given to ")
          + (request["child"]?.string?.printable ?? "?")
      ]
    case "merge":
      return [paint.bold("merges ") + (request["child"]?.string?.printable ?? "?")]
    case "pause": return []
    case "permission" where request["kind"]?.string == "conflict":
      return [
        paint.yellow(
          "? asks what becomes of the conflict of \(request["task"]?.string?.printable ?? "?")"
        )
      ]
    case "permission": return [paint.yellow("? asks whether it may: ") + action(request)]
    case "inquiry":
      return [
        paint.yellow(
          "? asks what became of step \(request["step"]?.int ?? 0), whose end nobody saw"
        )
      ]
    case "agent:said": return said(request)
    case "agent:plan":
      return [paint.dim("plan:")] + result(request["text"]?.string ?? "").map(paint.dim)
    case "agent:tool":
      let tool = request["tool"]?.string.map { "\($0.printable): " } ?? ""
      return [paint.bold(tool + (request["title"]?.string ?? "?").brief(160))]
    case "agent:session": return []
    case "model" where step.status == nil || step.status == "done": return []
    case "start", "tell", "shorten", "given-up", "tool:done", "model": return []
    default: return [paint.bold(step.kind.printable)]
    }
  }

  private func command(_ text: String) -> [String] {
    let lines = text.printableLines
    let shown = lines.prefix(12).enumerated().map { index, line in
      (index == 0 ? paint.bold("$ ") : "  ") + line
    }
    return lines.count > 12 ? shown + ["  … \(lines.count - 12) more lines"] : shown
  }

  private func agents(_ request: JSONValue) -> [String] {
    let names = request["children"]?.elements.compactMap(\.string) ?? []
    let tasks = request["tasks"]?.elements.compactMap(\.string) ?? []
    return [paint.bold("gives work to \(names.count) agent\(names.count == 1 ? "" : "s")")]
      + zip(names, tasks).map { "    \($0.printable)  \($1.brief(100))" }
  }

  private func action(_ request: JSONValue) -> String {
    (request["command"] ?? request["path"] ?? request["rule"] ?? request["title"])?.string?.brief(
      160
    ) ?? "?"
  }

  private func path(_ request: JSONValue) -> String {
    request["path"]?.string?.printable ?? "?"
  }

  // MARK: What came of it

  private func end(_ step: StepView) -> [String] {
    let outcome = step.outcome ?? .null
    let text = outcome["text"]?.string ?? ""
    switch (step.kind, step.status) {
    case ("model", "done"): return said(outcome["message"]?["content"]?.string)
    case ("model", _), ("shorten", "failed"), ("shorten", "interrupted"):
      return [paint.red("  the model: ") + text.brief(400)]
    case ("start", _), ("given-up", _), ("begin", _), ("settle", _), ("pause", _): return []
    case ("agent:said", _), ("agent:plan", _), ("agent:session", _): return []
    case ("merge", _): return merged(outcome)
    case ("tell", _):
      let message = outcome["message"]?["content"]?.string ?? ""
      return [paint.dim("  (told: \(message.brief(200)))")]
    case ("shorten", _): return [paint.dim("  (the older part was summed up)")]
    case ("permission", _): return [answer(outcome)]
    // Its last message was told already.
    case ("agent", "done") where outcome["stop"] != nil: return []
    case ("inquiry", _): return [answer(outcome)]
    case ("tool:done", "done"): return [paint.green("done: ") + indented(text, first: "")]
    case ("tool:read", "done"):
      return [paint.dim("    \(text.split(separator: "\n").count) lines")]
    case (_, "done"): return result(text).map(paint.dim)
    case (_, "interrupted"): return [paint.yellow("  ! ") + indented(text, first: "")]
    case (_, "not-happened"): return [paint.yellow("  ! ") + indented(text, first: "")]
    default: return result(text).map(paint.red)
    }
  }

  private func merged(_ outcome: JSONValue) -> [String] {
    let paths = outcome["paths"]?.elements.compactMap(\.string) ?? []
    let listed = paths.joined(separator: ", ").brief(300)
    switch outcome["state"]?.string {
    case "merged": return [paint.dim("    " + (paths.isEmpty ? "nothing changed" : listed))]
    case "conflict": return [paint.red("  conflict: ") + listed]
    default: return [paint.red("  ! ") + (outcome["text"]?.string ?? "?").brief(400)]
    }
  }

  /// A message or a thought of an agent that tells what it does.
  private func said(_ request: JSONValue) -> [String] {
    let lines = said(request["text"]?.string)
    return request["thought"] == nil ? lines : lines.map { paint.dim("  \($0)") }
  }

  private func said(_ text: String?) -> [String] {
    guard let text, text.contains(where: { !$0.isWhitespace }) else { return [] }
    return text.printableLines
  }

  private func answer(_ outcome: JSONValue) -> String {
    let state = outcome["state"]?.string ?? "?"
    let comment = outcome["comment"]?.string.map { ": \($0.brief(400))" } ?? ""
    let text = "  \(state.printable)\(comment)"
    return state == "approved" ? paint.green(text) : paint.yellow(text)
  }

  /// The beginning and the end of what a tool gave.
  private func result(_ text: String) -> [String] {
    let lines = text.withoutLastBreak.printableLines.map { line in
      "    " + (line.count > 200 ? line.prefix(199) + "…" : line)
    }
    guard lines.count > head + tail + 1 else { return lines }
    let left = lines.count - head - tail
    return lines.prefix(head) + ["    … \(left) lines"] + lines.suffix(tail)
  }

  private func indented(_ text: String, first: String) -> String {
    first + text.printableLines.joined(separator: "\n    ")
  }

  private func ordinal(_ number: Int) -> String {
    switch number {
    case 2: "second"
    case 3: "third"
    default: "\(number)th"
    }
  }
}
