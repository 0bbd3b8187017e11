import Dialects
import Foundation
package import Journal

/// One stretch of an agent's work: from taking the lease until the assignment ends, waits, or is let go.
///
/// Nothing is done before its intent is on the disk. Whatever happens to this process, the next stretch
/// begins from what is on record.
package struct AgentRun: MergingWork {
  let store: any WorkStore
  let lease: Lease
  let settings: AgentSettings
  let assignment: Assignment
  let model: ModelClient
  /// The run's key at the gateway.
  let modelKey: String
  let rules: AgentRules
  let signals: LeaseSignals
  let workplace: Workplace
  let servers: ToolServers
  let branches: BranchKeeper
  /// Pico-dollars that it has spent so far, with all below it, its newest call included, whose name the
  /// gateway told.
  let spent: @Sendable (_ newest: String?) async -> Int64
  var log: StepLog

  package init(
    store: any WorkStore,
    lease: Lease,
    assignment: Assignment,
    settings: AgentSettings,
    rules: AgentRules,
    model: ModelClient,
    modelKey: String,
    signals: LeaseSignals,
    workplace: Workplace,
    servers: ToolServers,
    branches: BranchKeeper,
    spent: @escaping @Sendable (_ newest: String?) async -> Int64
  ) {
    self.store = store
    self.lease = lease
    self.assignment = assignment
    self.settings = settings
    self.rules = rules
    self.model = model
    self.modelKey = modelKey
    self.signals = signals
    self.workplace = workplace
    self.servers = servers
    self.branches = branches
    self.spent = spent
    log = StepLog([])
  }

  /// Works until there is nothing to do for now.
  ///
  /// - Throws: ``WorkError`` where the journal cannot be written: then nothing more is done, and the
  ///   lease runs out.
  package mutating func work() async throws {
    log = StepLog(try await store.steps(of: lease.assignment, after: 0))
    var flow = Flow.goOn
    var breaks = 0
    while flow == .goOn {
      guard try await mayGoOn() else { return }
      do {
        flow = try await go()
        breaks = 0
      } catch Workplace.Failure.died(let reason) {
        // While something was looked at, before the intent of what was to be done: nothing is open.
        breaks += 1
        guard breaks > Self.mostBreaks else { continue }
        flow = try await park("the sealed session ended \(breaks) times in a row: \(reason)")
      }
    }
  }

  /// Sessions that may end in a row without a word of ours.
  static let mostBreaks = 3

  /// Does what is next.
  private mutating func go() async throws -> Flow {
    let thread = AgentThread(log.records, bounds: settings.bounds)
    switch thread.next {
    case .start: return try await start()
    case .recover(let open): return try await recover(open)
    case .askModel:
      if let flow = try await askToSpend() { return flow }
      return try await ask(thread)
    case .shorten:
      if let flow = try await askToSpend() { return flow }
      return try await shorten(thread)
    case .call(let call): return try await perform(call)
    case .tell(let text): return tell(text)
    case .finish(let state, let reason):
      if state == .failed { noteGivenUp(reason) }
      return try await finish(state, reason)
    }
  }

  // MARK: Parts

  private mutating func start() async throws -> Flow {
    guard let frozen = try await askForServers() else { return .over }
    let notes = try await workplace.notes()
    let day = Date.now.formatted(.iso8601.year().month().day())
    let system = SystemPrompt.text(
      directory: settings.directory,
      day: day,
      mayReachNetwork: rules.reachesNetwork,
      mostAgents: mergesAgents ? mostAgents : nil
    )
    let task = ProjectNotes.message(task: assignment.text, notes: notes)
    var left: Set<String> = []
    if settings.depth >= AgentRules.deepest { left.insert(ToolName.spawn) }
    let tools = ToolDefinitions.json(without: left, and: frozen.definitions)
    let outcome = JSONWriter.object { writer in
      writer.array("messages") { list in
        list.raw(Message.system(system))
        list.raw(Message.user(task))
        if let note = frozen.note { list.raw(Message.user(note)) }
      }
      if !rules.tools.isEmpty { frozen.write(to: &writer) }
      writer.raw("tools", tools)
    }
    let intent = JSONWriter.object { writer in
      writer.string("model", settings.model)
      writer.string("policy", Digest.text(Array(settings.policy.utf8)))
      writer.int("prompt", SystemPrompt.version)
      writer.string("tools", Digest.text(Array(tools.bytes)))
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

  private mutating func tell(_ text: String) -> Flow {
    let body = JSONWriter.object { $0.raw("message", Message.user(text)) }
    let sequence = log.begin(StepKind.tell, .pure, hash: Digest.text(body), body: "{}")
    log.end(sequence, StepOutcome(.done, body: String(decoding: body, as: UTF8.self)))
    return .goOn
  }

  /// Written together with the end: only who resumes the work reads it.
  mutating func noteGivenUp(_ reason: String) {
    let body = JSONWriter.object { $0.string("reason", reason) }
    let sequence = log.begin(StepKind.givenUp, .pure, hash: Digest.text(body), body: "{}")
    log.end(sequence, StepOutcome(.done, body: String(decoding: body, as: UTF8.self)))
  }

  func flush() async {
    try? await workplace.flush()
    await workplace.close()
  }
}
