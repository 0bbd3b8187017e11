import Dialects
import Foundation
import MCP
import Policy
import WorkWire

// Tools that change something: work is given, ended, gone on with and, where that is allowed, taken.
extension WorkTools {
  var assign: ServedTool {
    tool(
      ToolDefinition(
        name: "assign",
        title: "Give work to an agent",
        description: """
          Gives an agent work in a directory, and returns at once with the assignment's id. The agent \
          works sealed, under a policy that a person chose; its changes are held back until a person \
          takes them. It may cost \(limits.budget.text) at most. Follow it with wait, then see logs and \
          diff. Where the same call may be repeated, give a key: the same key is the same assignment.
          """,
        inputSchema: ToolSchemas.object(
          [
            "task": ToolSchemas.text("What is to be done, whole: the agent knows nothing else."),
            "directory": ToolSchemas.text(
              "Where: below \(places.roots.joined(separator: ", ")). The first of these where nothing is said."
            ),
            "agent": ToolSchemas.text("An agent that `caisson agents` lists."),
            "model": ToolSchemas.text("A model of the gateway."),
            "budget": ToolSchemas.money(
              "What it may spend on models, in US dollars; at most \(limits.budget.text)."
            ),
            "turns": ToolSchemas.number("Answers of the model at most.", 1...10_000),
            "key": ToolSchemas.text("The same key given twice is one assignment."),
          ],
          required: ["task"]
        ),
        outputSchema: ToolSchemas.assignment,
        annotations: ToolSchemas.changes(isDestructive: false, isIdempotent: false, isOpen: true)
      ),
      ["task", "directory", "agent", "model", "budget", "turns", "key"],
      give
    )
  }

  private func give(_ input: ToolInput) throws -> ToolAnswer {
    guard let text = try input.text("task", atMost: Self.longestTask) else {
      throw WorkProblem(.invalid, "task is missing: say what is to be done")
    }
    var work = WorkOrder(text: text)
    work.directory = try places.resolve(input.text("directory", atMost: 4_096))
    work.agent = try input.text("agent", atMost: 512) ?? limits.agent
    work.model = try input.text("model", atMost: 512) ?? limits.model
    work.turns = try input.number("turns", in: 1...10_000)
    work.policy = limits.policy
    work.workspace = limits.workspace
    let budget = try input.money("budget") ?? limits.budget
    guard budget <= limits.budget else {
      throw WorkProblem(
        .forbidden,
        "\(budget.text) is more than one assignment may cost here, which is \(limits.budget.text); "
          + "ask for less, or ask the person who started this server"
      )
    }
    work.budget = budget
    var order = try work.resolved(home)
    // A branch is of a whole repository, whose top may lie above.
    guard places.holds(order.directory) else {
      throw WorkProblem(
        .forbidden,
        "the policy would have the agent work in \(order.directory.brief(200)), which is not below "
          + places.roots.map(\.printable).joined(separator: ", ")
      )
    }
    if let key = try input.text("key", atMost: 200) {
      guard !key.isEmpty else { throw WorkProblem(.invalid, "key is empty: leave it out") }
      // Under another name the same key is other work.
      order.key = "mcp:\(limits.purse.name):\(key)"
    }
    let made = try giving.sync { try post(order) }
    return try answer(ServedAssignment.text(made), ServedAssignment(made))
  }

  private func post(_ order: AssignmentOrder) throws -> AssignmentView {
    // Under a key that was given before, too: only giving it tells whether it was.
    try checkRoom()
    var order = order
    let key = order.key ?? "mcp:\(limits.purse.name)::\(RandomName.make())"
    order.key = key
    return try limits.purse.spend(Money(picoDollars: order.budget ?? 0), key: key, client) {
      let made: AssignmentView = try client.post("/v1/assignments", order)
      guard made.text == order.text, made.directory == order.directory else {
        throw WorkProblem(
          .conflict,
          "the key was used for other work before; give another key"
        )
      }
      return made
    }
  }

  /// Refuses more at a time than was allowed.
  private func checkRoom() throws {
    let underWay: [AssignmentView] = try client.get(
      "/v1/assignments",
      [("state", "queued,running,waiting"), ("limit", "10000")]
    )
    let own = underWay.filter { $0.parent == nil && places.holds($0.directory) }
    guard own.count < limits.mostUnderWay else { throw tooMany(own.count) }
  }

  private func tooMany(_ count: Int) -> WorkProblem {
    WorkProblem(
      .forbidden,
      "\(count) assignments are under way here, and at most \(limits.mostUnderWay) may be; wait for "
        + "one, or stop one"
    )
  }

  var stop: ServedTool {
    tool(
      ToolDefinition(
        name: "stop",
        title: "Stop an assignment",
        description: """
          Stops an assignment that was given from here, and the agents below it. What was done stays \
          on record; resume lets it go on.
          """,
        inputSchema: ToolSchemas.named,
        outputSchema: ToolSchemas.assignment,
        annotations: ToolSchemas.changes(isDestructive: false, isIdempotent: true, isOpen: false)
      ),
      ["id"]
    ) { input in
      let id = try findOwn(input, else: "stop").id
      let view: AssignmentView = try client.post("/v1/assignments/\(id)/stop")
      return try answer(ServedAssignment.text(view), ServedAssignment(view))
    }
  }

  var resume: ServedTool {
    tool(
      ToolDefinition(
        name: "resume",
        title: "Let an assignment go on",
        description: """
          Lets an assignment that was stopped, parked or failed go on where it was, under the policy \
          and the budget that it was given with, if it was given from here.
          """,
        inputSchema: ToolSchemas.named,
        outputSchema: ToolSchemas.assignment,
        annotations: ToolSchemas.changes(isDestructive: false, isIdempotent: true, isOpen: true)
      ),
      ["id"]
    ) { input in
      let found = try findOwn(input, else: "resume")
      let view = try giving.sync {
        try checkRoom()
        return try limits.purse.goOn(found, client) {
          try client.post("/v1/assignments/\(found.id)/resume")
        }
      }
      return try answer(ServedAssignment.text(view), ServedAssignment(view))
    }
  }

  /// Offered only where a person said so when the server was started.
  var apply: ServedTool {
    tool(
      ToolDefinition(
        name: "apply",
        title: "Take an assignment's changes",
        description: """
          Takes the changes of an assignment that was given from here into its directory, all or \
          nothing: exactly those whose digest diff has told. What the policy holds back for a person stays held.
          """,
        inputSchema: ToolSchemas.object(
          [
            "id": ToolSchemas.text("An assignment."),
            "digest": ToolSchemas.text("The digest that diff told: nothing else is taken."),
          ],
          required: ["id", "digest"]
        ),
        outputSchema: nil,
        annotations: ToolSchemas.changes(isDestructive: true, isIdempotent: true, isOpen: false)
      ),
      ["id", "digest"]
    ) { input in
      let id = try findOwn(input, else: "apply").id
      guard let digest = try input.text("digest", atMost: 64), !digest.isEmpty,
        digest.utf8.allSatisfy({ $0 != UInt8(ascii: "-") })
      else { throw WorkProblem(.invalid, "digest is missing: take it from diff") }
      try checkPlace(of: id)
      let result = try OwnProgram(arguments: ["apply", id, "--expect=\(digest)"]).run()
      let text = (result.output + result.errors).cut(16_000)
      return result.status == 0 ? .text(text) : .error(text)
    }
  }
}
