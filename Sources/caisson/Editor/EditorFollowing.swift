import ACP
import Foundation
import WorkWire

/// Tells an editor how an assignment goes on, has the person at it answer what is asked, and decide on
/// the changes at its end.
struct EditorFollowing {
  let turn: EditorTurn
  let client: DaemonClient

  private var session: EditorSession { turn.session }

  /// Seconds for which one request waits for news, and after which a cancelled turn is noticed.
  private static let newsWait = 1
  /// How long an assignment that was stopped may take to end.
  private static let stopping: Duration = .seconds(20)

  func follow(_ given: AssignmentView) async throws -> TurnEnd {
    var thread = EditorThread(given)
    var asked: [String: Task<Bool, Never>] = [:]
    // Whatever ends this, nobody waits for answers any longer.
    defer { for task in asked.values { task.cancel() } }
    let dismissed = Dismissed()
    var told: Set<String> = []
    var words: Set<String> = []
    var mark: String?
    // A step may be under way for long, with many after it: they are read page by page.
    var page: Int?
    var stopUntil: ContinuousClock.Instant?
    var isStopped = false
    var absentUntil: ContinuousClock.Instant?
    while true {
      // The editor is gone.
      try Task.checkCancellation()
      if session.isCancelled {
        if stopUntil == nil { (mark, page) = (nil, nil) }
        let until = stopUntil ?? .now + Self.stopping
        stopUntil = until
        if ContinuousClock.now > until {
          let fate =
            isStopped ? "has not stopped yet: caisson show" : "was not stopped: caisson stop"
          try await turn.say("\(given.id) \(fate) \(given.id)")
          return .cancelled
        }
        if !isStopped { isStopped = await stop(given.id) }
      }
      let view: StepsView
      do {
        view = try await news(of: given.id, after: page ?? thread.last, since: mark)
        absentUntil = nil
      } catch is DaemonClientError {
        if absentUntil == nil { try await turn.say("(The daemon is gone; waiting for it.)") }
        let until = absentUntil ?? .now + EditorTurn.patience
        absentUntil = until
        if stopUntil == nil, ContinuousClock.now > until {
          try await turn.say(
            "The daemon is gone: start it with `caisson up`, and \(given.id) goes on. "
              + "See: caisson tasks"
          )
          return .endTurn
        }
        try await Task.sleep(for: .milliseconds(300))
        continue
      }
      if view.assignment.isAskedToStop { isStopped = true }
      for update in thread.updates(view.steps) {
        try await turn.connection.tell(update, in: session.name)
      }
      mark = view.isCut ? nil : view.mark
      page = view.isCut ? view.steps.last?.number : nil
      if view.isCut { continue }
      if view.assignment.isOver {
        for task in asked.values { task.cancel() }
        return try await end(view.assignment)
      }
      if session.isCancelled { continue }
      let open = Set(view.questions.map(\.id))
      // Answered elsewhere, or expired.
      for (id, task) in asked where !open.contains(id) { task.cancel() }
      for question in view.questions where told.insert(question.id).inserted {
        let question = EditorQuestion(
          question: question,
          session: session.name,
          directory: given.directory
        )
        if turn.settings.decidesElsewhere {
          try await turn.say("\(question.text)\n\nAnswer: caisson approve \(question.question.id)")
        } else if question.wantsWords {
          words.insert(question.question.id)
          let isNext = session.awaitWords(for: question.question, among: view.questions)
          let way =
            isNext
            ? "Your next message is the answer."
            : "Answer: caisson approve \(question.question.id) --comment 'your answer'"
          try await turn.say("\(question.text)\n\n\(way)")
        } else {
          // Cancelled above, or when this ends.
          asked[question.question.id] = Task { await ask(question, dismissed) }
        }
      }
      let unanswered = words.union(await dismissed.questions)
      let isHeldUp =
        view.assignment.state == "waiting" || view.questions.allSatisfy(EditorQuestion.isOfProcess)
      if isHeldUp, !open.isEmpty, open.isSubset(of: unanswered) {
        if !open.isSubset(of: words) {
          try await turn.say(
            "\(given.id) waits for your answer: caisson approve \(given.id). With your next "
              + "message you are asked again."
          )
        }
        return .endTurn
      }
    }
  }

  /// Questions that the person did not decide.
  private actor Dismissed {
    private(set) var questions: Set<String> = []

    func add(_ id: String) { questions.insert(id) }
  }

  /// Whether it was answered.
  private func ask(_ question: EditorQuestion, _ dismissed: Dismissed) async -> Bool {
    let outcome = try? await session.ask(question.request, turn.connection)
    var report = ToolCallReport(id: question.toolCallID, status: "failed")
    guard let order = outcome.flatMap({ question.order(for: $0) }) else {
      await dismissed.add(question.question.id)
      try? await turn.connection.tell(.toolCallUpdate(report), in: session.name)
      return false
    }
    let (client, id) = (client, question.question.id)
    do {
      let _: QuestionView = try await offThread { try client.post("/v1/approvals/\(id)", order) }
      report.status = order.approved ? "completed" : "failed"
    } catch {
      report.content = [.content(.text(reason(error)))]
      await dismissed.add(id)
    }
    try? await turn.connection.tell(.toolCallUpdate(report), in: session.name)
    return true
  }

  /// Whether the daemon took it; else it is said again.
  private func stop(_ id: String) async -> Bool {
    let client = client
    let stopped: AssignmentView? = try? await offThread {
      try client.post("/v1/assignments/\(id)/stop")
    }
    return stopped != nil
  }

  private func news(of id: String, after: Int, since mark: String?) async throws -> StepsView {
    let client = client
    return try await offThread {
      try client.get(
        "/v1/assignments/\(id)/steps",
        [
          ("after", String(after)), ("seen", mark),
          ("wait", mark == nil ? nil : String(Self.newsWait)),
        ]
      )
    }
  }

  // MARK: Its end

  private func end(_ assignment: AssignmentView) async throws -> TurnEnd {
    let id = assignment.id
    switch assignment.state {
    case "done": break
    case "stopped" where session.isCancelled: return .cancelled
    default:
      let why = assignment.reason.map { ": \($0.cut(4_000))" } ?? ""
      try await turn.say(
        "\(id) \(assignment.state)\(why)\n\nSee: caisson show \(id). Go on: caisson resume \(id)"
      )
      return .endTurn
    }
    guard assignment.workspace != "direct", assignment.workspace != "none" else { return .endTurn }
    let changes: EditorChanges?
    do {
      changes = try await offThread { try EditorChanges.read(id) }
    } catch {
      try await turn.say("Its changes cannot be shown: \(reason(error)). See: caisson diff \(id)")
      return .endTurn
    }
    if let changes { try await decide(on: changes, of: id) }
    return session.isCancelled ? .cancelled : .endTurn
  }

  /// Shows the changes, and takes them where the person says so.
  private func decide(on changes: EditorChanges, of id: String) async throws {
    var report = ToolCallReport(
      id: "changes-\(id)",
      title: changes.title,
      kind: "edit",
      status: "pending"
    )
    report.content = changes.parts
    report.locations = changes.locations
    let isDecided = changes.isWhole && !turn.settings.decidesElsewhere
    if !isDecided { report.status = "completed" }
    try await turn.connection.tell(.toolCall(report), in: session.name)
    if !changes.isWhole {
      return try await turn.say(
        "More than can be shown here was changed. Look: caisson diff \(id). Take exactly this: "
          + "caisson apply \(id) --expect \(changes.digest). Drop it: caisson discard \(id)"
      )
    }
    if !isDecided { return try await turn.say(Self.aside(id)) }
    let request = PermissionRequest(
      session: session.name,
      toolCall: report,
      options: [
        PermissionOption(id: "take", name: "Take them into the directory", kind: .allowOnce),
        PermissionOption(id: "leave", name: "Leave them aside", kind: .rejectOnce),
      ]
    )
    let outcome = try await session.ask(request, turn.connection)
    var update = ToolCallReport(id: report.id, status: "failed")
    guard outcome == .selected("take") else {
      try await turn.connection.tell(.toolCallUpdate(update), in: session.name)
      try session.update({ $0.settle(id, "left") }, turn.home)
      return try await turn.say(Self.aside(id))
    }
    let result = try await offThread {
      try OwnProgram(arguments: ["apply", id, "--expect=\(changes.digest)"]).run()
    }
    update.status = result.status == 0 ? "completed" : "failed"
    try await turn.connection.tell(.toolCallUpdate(update), in: session.name)
    if result.status == 0 { try session.update({ $0.settle(id, "taken") }, turn.home) }
    try await turn.say((result.output + result.errors).cut(8_000))
  }

  private static func aside(_ id: String) -> String {
    "They are kept aside. Take them: caisson apply \(id). Drop them: caisson discard \(id)"
  }
}
