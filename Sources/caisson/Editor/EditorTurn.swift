import ACP
import Foundation
import Policy
import WorkWire

/// One prompt of a person at an editor: an assignment, from its giving to what becomes of its changes.
struct EditorTurn: Sendable {
  /// What the person who configured the editor says of all of them.
  struct Settings: Sendable {
    var policy = "default"
    var agent: String?
    var model: String?
    var budget: Money?
    var workspace: String?
    var turns: Int?
    /// Nothing is decided in the editor: it may be set to allow whatever it is asked.
    var decidesElsewhere = false
  }

  let home: Home
  let settings: Settings
  let session: EditorSession
  let connection: EditorConnection

  /// How long a daemon that went away is waited for.
  static let patience: Duration = .seconds(30)
  private static let mostToldOfBefore = 3

  func run(_ prompt: String) async throws -> TurnEnd {
    let home = home
    let client = try await offThread { try DaemonStart.client(home) }
    let refused = session.takeRefusedTools()
    if refused > 0 {
      try await say(
        "(The editor's \(refused) tool server\(refused == 1 ? " is" : "s are") not used: what an "
          + "agent may call stands in its policy.)"
      )
    }
    if let end = try await settleFormer(prompt, client) { return end }
    if session.isCancelled { return .cancelled }
    let given = try await give(prompt, client)
    return try await EditorFollowing(turn: self, client: client).follow(given)
  }

  func say(_ text: String) async throws { try await connection.say(text, in: session.name) }

  // MARK: What came before

  /// Brings the assignment before to its end, where it is under way; nil where the prompt is work of
  /// its own.
  private func settleFormer(_ prompt: String, _ client: DaemonClient) async throws -> TurnEnd? {
    guard let last = session.record.assignments.last,
      let detail = try? await detail(of: last.id, client), !detail.assignment.isOver
    else { return nil }
    let following = EditorFollowing(turn: self, client: client)
    // What was not shown here is not answered here: it is shown below.
    if let awaited = session.awaited, !settings.decidesElsewhere,
      let question = detail.questions.first(where: { EditorSession.Awaited($0) == awaited })
    {
      let order = AnswerOrder(approved: true, comment: prompt, hash: question.hash)
      let _: QuestionView = try await offThread {
        try client.post("/v1/approvals/\(question.id)", order)
      }
      return try await following.follow(detail.assignment)
    }
    try await say("\(last.id), which was given before, is still at work. First that:")
    let end = try await following.follow(detail.assignment)
    let isOver = try await self.detail(of: last.id, client).assignment.isOver
    return isOver && end == .endTurn && !session.isCancelled ? nil : end
  }

  private func detail(of id: String, _ client: DaemonClient) async throws -> AssignmentDetail {
    try await offThread { try client.get("/v1/assignments/\(id)") }
  }

  // MARK: Giving

  private func give(_ prompt: String, _ client: DaemonClient) async throws -> AssignmentView {
    var work = WorkOrder(text: try await text(prompt, client))
    work.directory = session.directory
    work.agent = settings.agent
    work.model = settings.model
    work.budget = settings.budget
    work.policy = settings.policy
    work.workspace = settings.workspace
    work.turns = settings.turns
    let (given, home) = (work, home)
    var order = try await offThread { try given.resolved(home) }
    // Said again where the daemon dies before it has answered.
    order.key = "acp:\(session.name):\(RandomName.make())"
    let sent = order
    let end = ContinuousClock.now + Self.patience
    while true {
      do {
        let made: AssignmentView = try await offThread { try client.post("/v1/assignments", sent) }
        try session.update({ $0.add(made.id, prompt) }, home)
        return made
      } catch let error as DaemonClientError {
        // Also where it was cancelled meanwhile: it may have been taken, and only what is known is stopped.
        guard ContinuousClock.now < end else {
          if session.isCancelled {
            try await say("If it was taken, it was not stopped: caisson tasks, caisson stop")
          }
          throw error
        }
        try await Task.sleep(for: .milliseconds(300))
      }
    }
  }

  /// The prompt, with what came of those before it: an assignment knows nothing of another one.
  private func text(_ prompt: String, _ client: DaemonClient) async throws -> String {
    var lines: [String] = []
    for former in session.record.assignments.suffix(Self.mostToldOfBefore) {
      guard let found = try? await detail(of: former.id, client) else { continue }
      let view = found.assignment
      let fate =
        switch (former.changes, view.workspace) {
        case ("taken", _), (_, "direct"): "its changes are in the directory"
        default: "its changes are not in the directory"
        }
      lines.append(
        "- \"\(former.prompt.brief(600))\" (\(view.state); \(fate)): "
          + (view.reason ?? "").brief(1_500)
      )
    }
    guard !lines.isEmpty else { return prompt }
    return prompt + "\n\n(What was done before in this conversation, the newest last:\n"
      + lines.joined(separator: "\n") + ")"
  }
}
