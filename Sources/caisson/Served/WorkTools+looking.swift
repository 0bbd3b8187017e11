import Dialects
import Foundation
import MCP
import Policy
import WorkWire

// Tools that change nothing: which assignments there are, how they stand, what they did and ask.
extension WorkTools {
  static let mostListed = 200
  /// Bytes of a log that one answer holds.
  static let largestPage = 40_000

  var tasks: ServedTool {
    struct Listing: Encodable { let assignments: [ServedAssignment] }
    return tool(
      ToolDefinition(
        name: "tasks",
        title: "List assignments",
        description:
          "Lists the assignments of the directories that this server serves, newest first.",
        inputSchema: ToolSchemas.object(
          [
            "under_way": ToolSchemas.flag("Only those that are queued, running or waiting."),
            "limit": ToolSchemas.number(
              "How many at most; 30 where nothing is said.",
              1...Self.mostListed
            ),
          ],
          required: []
        ),
        outputSchema: ToolSchemas.assignments,
        annotations: ToolSchemas.reads
      ),
      ["under_way", "limit"]
    ) { input in
      let limit = try input.number("limit", in: 1...Self.mostListed) ?? 30
      let states = try input.flag("under_way") ? "queued,running,waiting" : nil
      let found: [AssignmentView] = try client.get(
        "/v1/assignments",
        [("limit", "1000"), ("state", states)]
      )
      let own = found.filter { places.holds($0.directory) }.prefix(limit)
      let lines = own.map { view in
        "\(view.id)  \(AssignmentText.state(view, Paint(isOn: false)))  "
          + "\(AssignmentText.cost(view))  \(view.text.brief(100))"
      }
      return try answer(
        lines.isEmpty ? "There are none." : lines.joined(separator: "\n"),
        Listing(assignments: own.map(ServedAssignment.init))
      )
    }
  }

  var show: ServedTool {
    struct Detail: Encodable {
      let assignment: ServedAssignment
      let children: [ServedAssignment]
      let questions: [ServedQuestion]
    }
    return tool(
      ToolDefinition(
        name: "show",
        title: "Show an assignment",
        description: "Shows an assignment: its state, its agents, what it asks, what it cost.",
        inputSchema: ToolSchemas.named,
        outputSchema: ToolSchemas.detail,
        annotations: ToolSchemas.reads
      ),
      ["id"]
    ) { input in
      let detail = try find(input)
      let text = DetailText(detail: detail, steps: [], paint: Paint(isOn: false))
        .lines(now: Clock.now()).joined(separator: "\n").cut(Self.largestPage)
      let questions = ServedQuestion.list(detail.questions)
      let rest = ServedQuestion.leftOut(questions, of: detail.questions).map { "\n" + $0 } ?? ""
      return try answer(
        text + rest,
        Detail(
          assignment: ServedAssignment(detail.assignment),
          children: detail.children.prefix(100).map(ServedAssignment.init),
          questions: questions
        )
      )
    }
  }

  var questions: ServedTool {
    struct Listing: Encodable { let questions: [ServedQuestion] }
    return tool(
      ToolDefinition(
        name: "questions",
        title: "What assignments ask",
        description: """
          Lists what assignments ask, and the command by which a person answers. It cannot be answered \
          from here: show it to a person.
          """,
        inputSchema: ToolSchemas.object(
          ["id": ToolSchemas.text("Of this assignment alone.")],
          required: []
        ),
        outputSchema: ToolSchemas.questions,
        annotations: ToolSchemas.reads
      ),
      ["id"]
    ) { input in
      let found: [QuestionView]
      if try input.text("id", atMost: Self.longestName) != nil {
        found = try find(input).questions
      } else {
        let own: [AssignmentView] = try client.get(
          "/v1/assignments",
          [("state", "waiting,running,queued"), ("limit", "10000")]
        )
        let ids = Set(own.filter { places.holds($0.directory) }.map(\.id))
        let all: [QuestionView] = try client.get("/v1/approvals", [("state", "pending")])
        found = all.filter { ids.contains($0.assignment) }
      }
      let lines = found.flatMap {
        QuestionText(question: $0, paint: Paint(isOn: false)).lines(now: Clock.now()) + [""]
      }
      let shown = ServedQuestion.list(found)
      let rest = ServedQuestion.leftOut(shown, of: found).map { "\n" + $0 } ?? ""
      return try answer(
        lines.isEmpty
          ? "Nothing is asked." : lines.joined(separator: "\n").cut(Self.largestPage) + rest,
        Listing(questions: shown)
      )
    }
  }

  var logs: ServedTool {
    tool(
      ToolDefinition(
        name: "logs",
        title: "What an agent said and did",
        description: """
          What an agent said and did, a page at a time: give `next` of one answer as `after` of the \
          following call. Results of tools are shortened.
          """,
        inputSchema: ToolSchemas.object(
          [
            "id": ToolSchemas.text("An assignment."),
            "after": ToolSchemas.number(
              "The `next` of the page before; 0 from the beginning.",
              0...1_000_000
            ),
          ],
          required: ["id"]
        ),
        outputSchema: ToolSchemas.page,
        annotations: ToolSchemas.reads
      ),
      ["id", "after"],
      page
    )
  }

  private func page(_ input: ToolInput) throws -> ToolAnswer {
    struct Page: Encodable {
      let text: String
      let next: Int
      let more: Bool
      let state: String
    }
    let id = try find(input).assignment.id
    let after = try input.number("after", in: 0...1_000_000) ?? 0
    let view: StepsView = try client.get("/v1/assignments/\(id)/steps", [("after", String(after))])
    var text = ""
    var next = after
    var more = view.isCut
    for step in view.steps {
      var thread = StepText(paint: Paint(isOn: false))
      let lines = thread.lines([step])
      let shown =
        lines.isEmpty ? "" : lines.joined(separator: "\n").cut(Self.largestPage / 2) + "\n"
      guard text.utf8.count + shown.utf8.count <= Self.largestPage else {
        more = true
        break
      }
      text += shown
      // One that is under way is told again when it has ended, unless others came after it meanwhile.
      guard step.status != nil || step.number != view.steps.last?.number else { break }
      next = step.number
    }
    return try answer(
      (text.isEmpty ? "Nothing new." : text) + (more ? "\n(more: after \(next))" : ""),
      Page(text: text, next: next, more: more, state: view.assignment.state)
    )
  }
}
