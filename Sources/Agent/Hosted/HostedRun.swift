import Dialects
import ExecWire
package import Journal
package import Policy
import Sandbox

/// One stretch of work of another agent, which is run as a whole: one step, in a sealed session in which
/// it calls models through the gateway under the assignment's key.
///
/// What it does inside is not on record step by step, as our own agent's work is. What holds it is the
/// policy of its run.
package struct HostedRun: RecordedWork {
  let store: any WorkStore
  let lease: Lease
  let settings: AgentSettings
  let assignment: Assignment
  let document: PolicyDocument
  let rules: AgentRules
  let signals: LeaseSignals
  let place: HostedPlace
  var log = StepLog([])
  var definition: AgentDefinition?
  private var workplace: Workplace?

  /// Seconds that it may take where the policy does not say.
  private static let longest: Double = 24 * 3600
  /// Bytes of its output that are kept in a file where the policy does not say.
  private static let largestLog: UInt64 = 1 << 30
  /// Bytes of a summary.
  static let largestSummary = 16 << 10
  static let notFound =
    "; its program was not found inside: install it where the daemon's PATH finds it, or grant it in the "
    + "agent's file under policy"

  package init(
    store: any WorkStore,
    lease: Lease,
    assignment: Assignment,
    settings: AgentSettings,
    document: PolicyDocument,
    signals: LeaseSignals,
    place: HostedPlace
  ) {
    self.store = store
    self.lease = lease
    self.assignment = assignment
    self.settings = settings
    self.document = document
    self.signals = signals
    self.place = place
    rules = AgentRules(document)
  }

  /// Works until there is nothing to do for now; see ``AgentRun/work()``.
  package mutating func work() async throws {
    log = StepLog(try await store.steps(of: lease.assignment, after: 0))
    let settled = HostedThread.settled(log.records)
    var flow = Flow.goOn
    while flow == .goOn {
      switch signals.word {
      case .lost: return
      // What has just ended is written together with what comes of it.
      case .letGo where log.hasNothingToWrite:
        log.add(.letGo)
        return try await write()
      case .stop:
        log.add(.end(.stopped, reason: "stopped when asked to"))
        return try await write()
      case .letGo, .goOn: break
      }
      flow = try await goOn(settled)
    }
  }

  /// Ends the session, and with it whatever still runs in it.
  package mutating func close() async {
    await workplace?.close()
    workplace = nil
  }

  func flush() async { try? await workplace?.flush() }

  // MARK: What is next

  private mutating func goOn(_ settled: Int?) async throws -> Flow {
    let agent: AgentDefinition?
    do {
      agent = try pinned()
    } catch {
      return try await park("the description that it began with cannot be read: \(error)")
    }
    definition = agent
    let thread = HostedThread(
      log.records,
      settled: settled,
      wasAsking: wasAsking,
      startsAgain: agent?.restart == .again && rules.commandEffect == .contained
    )
    switch thread.next {
    case .start: return try await start()
    case .recover(let open): return try await recover(open)
    case .run: return try await run()
    case .finish(let state, let reason): return try await finish(state, reason)
    }
  }

  /// The description that this work began with: what becomes of its file is of no account.
  private func pinned() throws(PolicyError) -> AgentDefinition? {
    let start = log.records.first { $0.intent.kind == StepKind.start && $0.outcome != nil }
    guard let body = start?.outcome?.body,
      let json = try? JSONDocument.object(Array(body.utf8), bounds: .answer),
      let text = json["document"]?.string
    else { return nil }
    return try AgentDefinition.parse(
      text,
      file: json["file"]?.string ?? settings.agent,
      name: settings.agent
    )
  }

  private mutating func start() async throws -> Flow {
    if let rule = rules.approvals.first {
      // Nothing of what it does can be held back until somebody has answered.
      return try await park(
        "the policy wants a person asked (\(rule.condition.text)), and what \(settings.agent) does "
          + "inside is not seen one by one; take the rule out, or give the work to our own agent"
      )
    }
    let found: AgentFiles.Found
    do {
      found = try place.files.find(settings.agent)
      _ = try found.definition()
    } catch {
      return try await park("\(error)")
    }
    let intent = JSONWriter.object { writer in
      writer.string("agent", settings.agent)
      writer.string("definition", Digest.text(Array(found.text.utf8)))
      writer.string("model", settings.model)
      writer.string("policy", Digest.text(Array(settings.policy.utf8)))
    }
    let outcome = JSONWriter.object { writer in
      writer.string("document", found.text)
      writer.string("file", found.file)
    }
    let sequence = log.begin(
      StepKind.start,
      .pure,
      hash: Digest.text(intent),
      body: String(decoding: intent, as: UTF8.self)
    )
    log.end(sequence, StepOutcome(.done, body: String(decoding: outcome, as: UTF8.self)))
    return .goOn
  }

  // MARK: Its work

  var fillings: AgentDefinition.Fillings {
    AgentDefinition.Fillings(
      task: assignment.text,
      model: settings.model,
      workspace: settings.directory
    )
  }

  private mutating func run() async throws -> Flow {
    guard let definition else { return try await park("nothing is on record of how it is started") }
    let body = intentBody(definition)
    // Nothing is begun that could not be: a place that cannot be made leaves no open step.
    do {
      try await prepare(definition)
    } catch let failure as Workplace.Failure {
      return try await park("\(settings.agent) was not started: \(failure.text)")
    }
    let sequence = log.begin(
      StepKind.agent,
      rules.commandEffect == .contained ? .contained : .opaque,
      hash: Digest.text(body),
      body: String(decoding: body, as: UTF8.self)
    )
    try await write()
    return try await carryOut(definition, as: sequence)
  }

  func intentBody(_ agent: AgentDefinition) -> [UInt8] {
    let command = HostedCommand(agent, fillings)
    return JSONWriter.object { writer in
      writer.string("agent", agent.name)
      writer.strings("command", command.words)
      switch agent.manner {
      case .command: writer.string("task", agent.task.rawValue)
      case .acp: writer.string("protocol", agent.manner.rawValue)
      }
    }
  }

  /// Makes the sealed place, and puts the task there where the agent looks for it.
  mutating func prepare(_ agent: AgentDefinition) async throws {
    guard try await place.awaitModels() else {
      throw Workplace.Failure.refused("no gateway is running; start it with: caisson gateway")
    }
    let workplace = try self.workplace ?? place.workplace(agent.policy(within: document, fillings))
    self.workplace = workplace
    try await workplace.begin()
    if agent.manner == .command, agent.task != .argument {
      try await workplace.write(
        AgentDefinition.taskFile,
        Array(assignment.text.utf8),
        expecting: nil
      )
    }
  }

  mutating func carryOut(_ agent: AgentDefinition, as sequence: Int) async throws -> Flow {
    guard let workplace else { return .over }
    let output = OutputLog(
      place.log,
      limit: Int(clamping: min(document.limits.diskBytes ?? Self.largestLog, Self.largestLog))
    )
    let seconds = document.limits.wallSeconds ?? Self.longest
    do {
      if agent.manner == .acp {
        let talked = try await talk(
          with: agent,
          as: sequence,
          in: workplace,
          seconds: seconds,
          output
        )
        guard let talked else { return .over }
        if signals.word == .lost { return .over }
        if signals.word == .stop { return try await cancelled(sequence) }
        log.end(sequence, outcome(of: agent, talked.end, message: talked.message, talked.result))
        return .goOn
      }
      let result = try await workplace.host(
        HostedCommand(agent, fillings).line,
        seconds: seconds
      ) { output.add($0, $1) }
      output.end(result)
      if result.end == .cancelled { return try await cancelled(sequence) }
      log.end(sequence, try await outcome(of: agent, result))
    } catch Workplace.Failure.refused(let text) {
      log.end(sequence, self.result(.failed, text))
    } catch Workplace.Failure.died(let text) {
      if signals.word == .lost { return .over }
      guard let record = log.record(sequence) else { return .over }
      // As if this process had died; but what is known of the end is said.
      let flow = try await settle(record)
      if flow == .goOn, log.record(sequence)?.outcome?.status == .interrupted {
        log.replaceEnd(sequence, self.result(.interrupted, "Interrupted: \(text)."))
      }
      return flow
    }
    return .goOn
  }

  private mutating func cancelled(_ sequence: Int) async throws -> Flow {
    guard signals.word == .stop else { return .over }
    log.end(sequence, result(.interrupted, "It was stopped."))
    return .goOn
  }

  // MARK: Its end

  private func outcome(of agent: AgentDefinition, _ ran: CommandResult) async throws -> StepOutcome
  {
    let output = OutputText.joined(head: ran.head, tail: ran.tail, omitted: ran.omitted)
    var status: Int32?
    var isDone = false
    var end: String
    switch ran.end {
    case .exited(let code):
      status = code
      isDone = agent.done.contains(code)
      end = "\(agent.name) ended with exit status \(code)"
      if code == 127 {
        end += Self.notFound
      }
    case .signalled(let signal): end = "\(agent.name) was ended by signal \(signal)"
    case .timedOut: end = "\(agent.name) was ended: it took longer than the policy allows"
    case .cancelled: end = "\(agent.name) was stopped"
    case .notStarted(let error): end = "\(agent.name) was not started: error \(error)"
    }
    let summary = try await summary(of: agent, ran)
    let body = JSONWriter.object { writer in
      writer.string("output", output)
      writer.int("seconds", Int(ran.duration.components.seconds))
      writer.int("status", ifAny: status.map { Int($0) })
      writer.string("text", isDone ? summary : summary.isEmpty ? end : "\(end):\n\(summary)")
    }
    return StepOutcome(isDone ? .done : .failed, body: String(decoding: body, as: UTF8.self))
  }

  private func summary(of agent: AgentDefinition, _ ran: CommandResult) async throws -> String {
    let count: Int
    switch agent.summary {
    case .lastLines(let lines): count = lines
    case .file(let path):
      if let file = try? await workplace?.file(path), !file.bytes.isEmpty {
        return OutputText.text(Array(file.bytes.prefix(Self.largestSummary)))
      }
      count = 20
    }
    let said = OutputText.text(ran.tail.isEmpty ? ran.head : ran.tail)
    let lines = said.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
    return lines.suffix(count).joined(separator: "\n").lastBytes(Self.largestSummary)
  }
}
