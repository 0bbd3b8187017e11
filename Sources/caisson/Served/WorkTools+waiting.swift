import Dialects
import MCP
import Policy
import WorkWire

// Waiting for an assignment, with a bound: hosts give up on calls that take long.
extension WorkTools {
  static let longestWait = 240
  /// Seconds for which one request waits for news: so long a call that is cancelled goes on.
  private static let newsWait = 2

  var wait: ServedTool {
    let definition = ToolDefinition(
      name: "wait",
      title: "Wait for an assignment",
      description: """
        Waits until an assignment is over or asks a person, or the time is over, and tells how it \
        stands. Call it again while `isOver` is false and `asks` is false.
        """,
      inputSchema: ToolSchemas.object(
        [
          "id": ToolSchemas.text("An assignment."),
          "seconds": ToolSchemas.number(
            "How long at most; 45 where nothing is said.",
            0...Self.longestWait
          ),
        ],
        required: ["id"]
      ),
      outputSchema: ToolSchemas.assignment,
      annotations: ToolSchemas.reads
    )
    return ServedTool(definition) { arguments in
      do {
        let input = try ToolInput(arguments, ["id", "seconds"])
        let seconds = try input.number("seconds", in: 0...Self.longestWait) ?? 45
        let view = try await end(
          of: try await offThread { try find(input).assignment },
          within: .seconds(seconds),
          arguments.progress
        )
        return try answer(ServedAssignment.text(view), ServedAssignment(view))
      } catch {
        return .error(reason(error))
      }
    }
  }

  private func end(
    of assignment: AssignmentView,
    within time: Duration,
    _ progress: @Sendable (Int, String) async -> Void
  ) async throws -> AssignmentView {
    let end = ContinuousClock.now + time
    var view = assignment
    var mark: String?
    var told = 0
    var asks = view.state == "waiting" && view.questions > 0
    while !view.isOver, !asks {
      let left = (end - ContinuousClock.now).components.seconds
      guard mark == nil || left > 0, !Task.isCancelled else { break }
      let query = [
        ("after", "1000000000"), ("seen", mark),
        ("wait", mark == nil ? nil : String(min(Int64(Self.newsWait), left))),
      ]
      let news: StepsView = try await offThread {
        try client.get("/v1/assignments/\(assignment.id)/steps", query)
      }
      view = news.assignment
      // Where one of its agents asks, it waits for the agent and the person; where the process of one
      // does, it is under way.
      view.questions = news.questions.count
      asks =
        view.state == "waiting" && view.questions > 0
        || news.questions.contains(where: EditorQuestion.isOfProcess)
      mark = news.mark
      if view.steps > told {
        told = view.steps
        await progress(told, "\(view.state), \(told) steps")
      }
    }
    return view
  }
}
