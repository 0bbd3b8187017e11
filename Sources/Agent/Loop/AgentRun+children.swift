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

  /// Whether agents that it gives work to have branches, which are merged into its own.
  var mergesAgents: Bool { rules.hasBranch && settings.depth < AgentRules.deepest }

  /// How many agents one call may give work to.
  var mostAgents: Int { min(settings.parallel ?? ToolRequest.mostTasks, ToolRequest.mostTasks) }

  /// Where the branches of agents begin: at all that this one has done so far. Nil where they have none.
  func beginning(for tasks: [String]) async throws -> String? {
    guard tasks.count <= mostAgents else {
      throw ToolRequest.Mistake(
        text: "`tasks` has \(tasks.count) entries; up to \(mostAgents) agents work at a time here."
      )
    }
    guard mergesAgents else { return nil }
    let report = try await given()
    guard report.state == .given, let head = report.head else {
      throw ToolRequest.Mistake(
        text: "Nobody can begin where you are: \(report.text ?? "its branch cannot be read")."
      )
    }
    return "\(assignment.id):\(head)"
  }

  /// Gives each its task; written together with the intent, so that they are there once.
  func children(
    _ names: [String],
    for tasks: [String],
    at beginning: String?
  ) throws -> [WorkChange] {
    guard settings.depth < AgentRules.deepest else {
      throw ToolRequest.Mistake(
        text: "Agents are \(AgentRules.deepest) deep already; do it yourself."
      )
    }
    var settings = settings
    settings.depth += 1
    settings.beginning = beginning
    settings.name = nil
    // What is left of the parent's budget bounds them: their accounts lie below its own.
    settings.budget = nil
    let json = try settings.json
    return zip(names, tasks).map { name, task in
      .spawn(NewAssignment(id: name, parent: assignment.id, text: task, settings: json))
    }
  }

  /// Waits until all are over, merges what they made, and tells what each said.
  mutating func awaitChildren(_ sequence: Int) async throws -> Flow {
    let body = log.record(sequence).flatMap {
      try? JSONDocument.object(Array($0.intent.body.utf8), bounds: .answer)
    }
    var children: [Assignment] = []
    for name in body?["children"]?.elements.compactMap(\.string) ?? [] {
      guard let child = try await store.assignment(name) else { continue }
      guard child.state.isOver else {
        log.add(.wait(for: WorkMachine.children, wake: nil))
        try await write()
        return .over
      }
      children.append(child)
    }
    let known = merges
    if body?["beginning"]?.string != nil,
      let next = children.first(where: { $0.state == .done && known[$0.id] == nil })
    {
      // In the order in which they were given, one at a time; then this is looked at again.
      return try await merge(MergeIntent(child: next.id, conflict: .marks))
    }
    let lines = children.map { child in
      "\(child.id): \(child.state.rawValue). \(child.reason ?? "") (its task: \(child.text))"
        + (known[child.id].map { "\n" + Self.words(of: $0) } ?? "")
    }
    log.end(sequence, result(.done, lines.joined(separator: "\n")))
    return .goOn
  }

  /// For the model.
  private static func words(of report: BranchReport) -> String {
    switch report.state {
    case .given, .merged:
      report.paths.isEmpty
        ? "It changed nothing." : "Its branch is merged into yours; it changed \(report.listed)."
    case .conflict, .unsettled:
      "Its branch is merged into yours with conflicts. Settle the marks in \(report.listed):\n"
        + (report.text ?? "")
    case .failed:
      "Its branch could not be merged, and its work stays in its own run: \(report.text ?? "?")."
    }
  }

  /// The files, of those that were ever in conflict, in which git's marks are left.
  func markedFiles() async throws -> String {
    var left: [String] = []
    let conflicts = merges.values.filter { $0.state == .conflict }
    for path in Set(conflicts.flatMap(\.paths)).sorted() {
      do {
        if let file = try await workplace.file(path), ConflictText.hasMarks(file.bytes) {
          left.append(path)
        }
      } catch Workplace.Failure.refused {
        continue
      }
    }
    return left.joined(separator: ", ")
  }
}
