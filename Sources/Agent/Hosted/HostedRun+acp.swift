import ACP
import Dialects
import ExecWire
import Journal
import Policy
import Sandbox

/// Work of an agent that speaks the Agent Client Protocol: it is told its task, heard while it works, and
/// answered where it asks whether it may do something.
///
/// The agent is not held up by what it tells. While a person is asked, its process waits and the lease is
/// held; where that is cut short, the question stands, and its answer is used when the same is asked by
/// the agent that goes on.
extension HostedRun {
  private enum Event: Sendable {
    case command(TalkingCommand.Event)
    case tick
  }

  /// How often times, answers and the keeper of the lease are looked after.
  private static let interval = Duration.milliseconds(250)

  /// Nil where the work was let go: what is open is settled when it is taken again.
  mutating func talk(
    with agent: AgentDefinition,
    as sequence: Int,
    in workplace: Workplace,
    seconds: Double,
    _ output: OutputLog
  ) async throws -> (end: ACPEnd?, message: String, result: CommandResult)? {
    let mailbox = Mailbox<Event>()
    let command = try await workplace.talk(
      HostedCommand(agent, fillings).line,
      seconds: seconds
    ) { mailbox.post(.command($0)) }
    // Ends with this talk; not with its task, which may be cancelled and still has to hear the end.
    let clock = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: Self.interval)
        mailbox.post(.tick, ifAlone: true)
      }
    }
    defer { clock.cancel() }
    var talk = AgentTalk(session(as: sequence), untold: UntoldAnswers(log.records))
    try await carryOut(talk.session.begin(), &talk, agent, command, output)
    while true {
      for event in await mailbox.next() {
        var actions: [ACPClientAction] = []
        switch event {
        case .command(.said(let bytes)):
          actions = talk.hear(bytes)
          command.took(bytes.count)
        case .command(.complained(let skipped, let bytes)): output.add(skipped, bytes)
        case .command(.ended(.success(let result))):
          output.end(result)
          if signals.word != .lost {
            try await carryOut(talk.session.ended(), &talk, agent, command, output)
          }
          talk.news.end(in: &log)
          return (talk.end, talk.news.message, result)
        case .command(.ended(.failure(let error))):
          // Its session died, with questions open: they stand.
          throw Workplace.Failure.died("\(error)")
        case .tick:
          if signals.word == .lost { return nil }
          if signals.word == .letGo, Task.isCancelled || !talk.questions.isEmpty {
            return try await letGo(talk, command)
          }
          if signals.word == .stop { actions += talk.session.cancel() }
          let now = ContinuousClock.now
          actions += talk.advance(now)
          actions += try await lookForAnswers(&talk)
          if talk.isToLeave(now) { command.end() }
        }
        try await carryOut(actions, &talk, agent, command, output)
      }
    }
  }

  /// The worker is to end. A question that is open is waited for without a worker.
  private mutating func letGo(
    _ talk: AgentTalk,
    _ command: TalkingCommand
  ) async throws -> (end: ACPEnd?, message: String, result: CommandResult)? {
    command.end()
    if let open = talk.questions.last { try await wait(for: open.sequence) }
    return nil
  }

  private mutating func carryOut(
    _ actions: [ACPClientAction],
    _ talk: inout AgentTalk,
    _ agent: AgentDefinition,
    _ command: TalkingCommand,
    _ output: OutputLog
  ) async throws {
    var actions = actions
    while !actions.isEmpty {
      switch actions.removeFirst() {
      case .send(let frame):
        if !command.write(frame + [0x0A]) { actions += talk.session.stuck() }
      case .wait(let deadline, let duration): talk.deadlines[deadline] = .now + duration
      case .opened(let session, let isFormer):
        AgentNews.record(StepKind.agentSession, &log) { json in
          json.bool("former", isFormer)
          json.string("session", session)
        }
      case .news(let update):
        talk.news.note(update, in: &log)
        output.note(update.line)
      case .ask(let ticket, let request):
        talk.news.finish(in: &log)
        actions += try await ask(ticket, request, agent, &talk)
      case .withdrawn(let ticket):
        guard let place = talk.questions.firstIndex(where: { $0.ticket == ticket }) else { break }
        let question = talk.questions.remove(at: place)
        let answer = PermissionAnswer(
          .superseded,
          given: nil,
          comment: nil,
          to: question.request
        )
        log.add(.close(approval: question.sequence, as: .superseded))
        log.end(question.sequence, answer.stepOutcome())
      case .finished(let end):
        talk.finish(end)
        command.closeInput()
      }
    }
    // What was told is on record before anything more is heard.
    if !log.hasNothingToWrite { try await write() }
  }

  // MARK: Questions

  /// Bytes of a question that a person can be shown.
  private static let largestQuestion = 1 << 20
  /// Questions of one stretch of work: each is a row for good, whoever answers it.
  private static let mostQuestions = 2_000

  private mutating func ask(
    _ ticket: ACPTicket,
    _ request: PermissionRequest,
    _ agent: AgentDefinition,
    _ talk: inout AgentTalk
  ) async throws -> [ACPClientAction] {
    talk.asked += 1
    guard talk.asked <= Self.mostQuestions else {
      let no = PermissionAnswer(.noChannel, given: nil, comment: nil, to: request)
      return talk.session.answer(ticket, no.outcome)
    }
    let inquiry = Inquiry.toolCall(of: agent.name, request)
    let size = inquiry.action.bytes.count
    guard size <= Self.largestQuestion else {
      let answer = PermissionAnswer(
        .noChannel,
        given: nil,
        comment: "it has \(size) bytes, more than a person is shown",
        to: request
      )
      return settle(answer, ticket, .question("{}"), from: nil, &talk)
    }
    if agent.permissions == .allow {
      let answer = PermissionAnswer(.approved, given: .once, comment: nil, to: request)
      return settle(answer, ticket, inquiry, from: "permissions: allow", &talk)
    }
    if let earlier = talk.untold.steps[inquiry.hash],
      let approval = try await store.approval("\(assignment.id).\(earlier)")
    {
      talk.untold = UntoldAnswers([])
      let answer = PermissionAnswer(
        approval.state,
        given: approval.given,
        comment: approval.comment,
        to: request
      )
      return settle(answer, ticket, inquiry, from: "step \(earlier)", &talk)
    }
    if let standing = try await store.standingApproval(hash: inquiry.hash, in: assignment.id) {
      let answer = PermissionAnswer(
        .approved,
        given: standing.given,
        comment: standing.comment,
        to: request
      )
      return settle(answer, ticket, inquiry, from: standing.id, &talk)
    }
    let sequence = log.begin(
      StepKind.permission,
      .pure,
      hash: inquiry.hash,
      body: inquiry.action.text
    )
    for change in ask(inquiry, number: sequence, scope: .session) { log.add(change) }
    talk.questions.append(
      AgentTalk.Question(ticket: ticket, request: request, sequence: sequence)
    )
    return []
  }

  /// Answers without asking anybody, and says on whose word.
  private mutating func settle(
    _ answer: PermissionAnswer,
    _ ticket: ACPTicket,
    _ inquiry: Inquiry,
    from source: String?,
    _ talk: inout AgentTalk
  ) -> [ACPClientAction] {
    let sequence = log.begin(
      StepKind.permission,
      .pure,
      hash: inquiry.hash,
      body: inquiry.action.text
    )
    log.end(sequence, answer.stepOutcome(from: source))
    return talk.session.answer(ticket, answer.outcome)
  }

  /// Tells the agent what has been answered by now.
  private mutating func lookForAnswers(_ talk: inout AgentTalk) async throws -> [ACPClientAction] {
    var actions: [ACPClientAction] = []
    for question in talk.questions {
      let id = "\(assignment.id).\(question.sequence)"
      guard let approval = try await store.approval(id) else { continue }
      if approval.state == .pending {
        // It may be answered at this moment: what stands is looked at again.
        if let expires = approval.expires, expires <= Journal.now() {
          log.add(.close(approval: question.sequence, as: .timedOut))
        }
        continue
      }
      let answer = PermissionAnswer(
        approval.state,
        given: approval.given,
        comment: approval.comment,
        to: question.request
      )
      log.end(question.sequence, answer.stepOutcome())
      talk.questions.removeAll { $0.sequence == question.sequence }
      actions += talk.session.answer(question.ticket, answer.outcome)
    }
    return actions
  }

  // MARK: What it is told

  private func session(as sequence: Int) -> ACPClientSession {
    let hasBegun = log.records.contains { record in
      record.intent.kind == StepKind.agent
        && (record.intent.sequence != sequence || record.attempts > 1)
    }
    guard hasBegun else {
      return ACPClientSession(directory: settings.directory, prompt: assignment.text)
    }
    let answered = UntoldAnswers(log.records).words
    let looked =
      "The files are as you left them. Look how far you came before you do anything twice."
    let prompt =
      [assignment.text, "You were at work on this before and were interrupted. \(looked)"]
      + answered
    let goOn = ["You were interrupted while you were at work. \(looked) Then go on."] + answered
    return ACPClientSession(
      directory: settings.directory,
      prompt: prompt.joined(separator: "\n\n"),
      former: formerSession.map {
        ACPClientSession.Former(session: $0, prompt: goOn.joined(separator: "\n\n"))
      }
    )
  }

  private var formerSession: String? {
    let record = log.records.last { $0.intent.kind == StepKind.agentSession }
    let body = record.flatMap {
      try? JSONDocument.object(Array($0.intent.body.utf8), bounds: .answer)
    }
    return body?["session"]?.string
  }

  /// Whether a person has answered what was asked when the agent was interrupted.
  var wasAsking: Bool {
    guard let last = log.records.last(where: { $0.intent.kind == StepKind.agent }) else {
      return false
    }
    return UntoldAnswers(log.records).newest > last.intent.sequence
  }

  // MARK: Its end

  func outcome(
    of agent: AgentDefinition,
    _ end: ACPEnd?,
    message: String,
    _ ran: CommandResult
  ) -> StepOutcome {
    let complaints = OutputText.joined(head: ran.head, tail: ran.tail, omitted: ran.omitted)
    let isDone = end == .ended(.endTurn)
    var words: String
    switch end {
    case .ended(.endTurn): words = "\(agent.name) said that it is done"
    case .ended(.maxTokens): words = "\(agent.name) stopped: its model gave no more tokens"
    case .ended(.maxTurnRequests):
      words = "\(agent.name) stopped: it asked its model as often as it may"
    case .ended(.refusal): words = "\(agent.name) refused to go on"
    case .ended(.cancelled): words = "\(agent.name) broke off"
    case .ended(.other(let reason)): words = "\(agent.name) stopped: \(reason)"
    case .failed(let failure): words = "\(agent.name) came to no end: \(failure)"
    case nil: words = "\(agent.name) came to no end"
    }
    if !isDone {
      switch ran.end {
      case .timedOut: words = "\(agent.name) was ended: it took longer than the policy allows"
      case .exited(127): words += Self.notFound
      case .exited(let status) where status != 0: words += "; exit status \(status)"
      case .signalled(let signal): words += "; ended by signal \(signal)"
      case .notStarted(let error): words = "\(agent.name) was not started: error \(error)"
      case .exited, .cancelled: break
      }
      let last = complaints.split(separator: "\n").suffix(20).joined(separator: "\n")
      if !last.isEmpty, case .failed? = end { words += ":\n\(last)" }
      if !message.isEmpty { words += ":\n\(message)" }
    }
    let text = isDone && !message.isEmpty ? message : words
    let body = JSONWriter.object { writer in
      writer.string("output", complaints)
      writer.int("seconds", Int(ran.duration.components.seconds))
      if case .ended(let reason)? = end { writer.string("stop", reason.name) }
      writer.string("text", text.lastBytes(Self.largestSummary))
    }
    return StepOutcome(isDone ? .done : .failed, body: String(decoding: body, as: UTF8.self))
  }
}
