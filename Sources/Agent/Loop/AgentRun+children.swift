import Dialects
import Journal
import Sandbox

extension AgentRun {
  /// Names the agents of a `spawn`.
  static func makeChildren(_ count: Int) -> [String] {
    (0..<count).map { _ in
      RunID(
        seconds: UInt64(clamping: Journal.now() / 1_000_000),
        random: UInt32.random(in: 0...UInt32.max)
      ).text
    }
  }

  /// Gives each its task; written together with the intent, so that they are there once.
  func children(_ names: [String], for tasks: [String]) throws -> [WorkChange] {
    guard settings.depth < AgentRules.deepest else {
      throw ToolRequest.Mistake(
        text: "Agents are \(AgentRules.deepest) deep already; do it yourself."
      )
    }
    var settings = settings
    settings.depth += 1
    // What is left of the parent's budget bounds them: their accounts lie below its own.
    settings.budget = nil
    let json = try settings.json
    return zip(names, tasks).map { name, task in
      .spawn(NewAssignment(id: name, parent: assignment.id, text: task, settings: json))
    }
  }

  /// Waits until all are over, then tells what each said.
  mutating func awaitChildren(_ sequence: Int) async throws -> Flow {
    let body = log.record(sequence).flatMap {
      try? JSONDocument.object(Array($0.intent.body.utf8), bounds: .answer)
    }
    var lines: [String] = []
    for name in body?["children"]?.elements.compactMap(\.string) ?? [] {
      guard let child = try await store.assignment(name) else { continue }
      guard child.state.isOver else {
        log.add(.wait(for: WorkMachine.children, wake: nil))
        try await write()
        return .over
      }
      lines.append(
        "\(name): \(child.state.rawValue). \(child.reason ?? "") (its task: \(child.text))"
      )
    }
    log.end(sequence, result(.done, lines.joined(separator: "\n")))
    return .goOn
  }
}
