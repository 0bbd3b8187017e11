import Dialects
package import Journal
package import Policy

/// One stretch of a plan's work: it gives its parts to agents, merges what they made into a branch of its
/// own, and calls no model. It holds nothing between two steps, as ``AgentRun``.
package struct PlanRun: MergingWork {
  let store: any WorkStore
  let lease: Lease
  let settings: AgentSettings
  let assignment: Assignment
  let document: PolicyDocument
  let signals: LeaseSignals
  let workplace: Workplace
  let branches: BranchKeeper
  let plan: PlanDocument
  var log = StepLog([])

  package init(
    store: any WorkStore,
    lease: Lease,
    assignment: Assignment,
    settings: AgentSettings,
    document: PolicyDocument,
    signals: LeaseSignals,
    workplace: Workplace,
    branches: BranchKeeper
  ) throws {
    self.store = store
    self.lease = lease
    self.assignment = assignment
    self.settings = settings
    self.document = document
    self.signals = signals
    self.workplace = workplace
    self.branches = branches
    plan = try PlanDocument.parse(settings.plan?.document ?? "", file: settings.plan?.file ?? "")
  }

  /// Works until there is nothing to do for now; see ``AgentRun/work()``.
  package mutating func work() async throws {
    log = StepLog(try await store.steps(of: lease.assignment, after: 0))
    var flow = Flow.goOn
    while flow == .goOn {
      guard try await mayGoOn() else { return }
      flow = try await goOn()
    }
  }

  private mutating func goOn() async throws -> Flow {
    let standing = try await standing()
    let thread = PlanThread(plan, log.records) { standing[$0] }
    switch thread.next {
    case .start: return try await start()
    case .recover(let open): return try await recover(open)
    case .begin(let name, let head): return try await begin(name, at: head)
    case .merge(_, let child, let settler):
      let conflict: BranchKeeper.InConflict = settler.map { .settled(by: $0) } ?? .nothing
      return try await merge(MergeIntent(child: child, conflict: conflict))
    case .ask(let name, let conflict):
      try await put(.conflict(name, conflict), as: StepKind.permission, scope: .once)
      return .over
    case .settle(let name, let conflict, let advice):
      return try await settle(name, conflict, advice)
    case .wait(let children):
      log.add(.wait(for: WorkMachine.oneOf(children), wake: nil))
      try await write()
      return .over
    case .finish(let state, let reason):
      if state != .done { record(StepKind.pause, []) }
      return try await finish(state, reason)
    }
  }

  /// How its agents stand.
  private func standing() async throws -> [String: PlanThread.Standing] {
    var found: [String: PlanThread.Standing] = [:]
    for record in log.records
    where [StepKind.begin, StepKind.settle].contains(record.intent.kind) {
      let body = try? JSONDocument.object(Array(record.intent.body.utf8), bounds: .answer)
      guard let id = body?["child"]?.string, let child = try await store.assignment(id) else {
        continue
      }
      found[id] = PlanThread.Standing(child.state, reason: child.reason)
    }
    return found
  }

  // MARK: Steps

  /// Makes the plan's branch, at what the user's work tree holds.
  private mutating func start() async throws -> Flow {
    let report: BranchReport
    do {
      try await workplace.begin()
      report = try await given()
    } catch let failure as Workplace.Failure {
      return try await park("the plan has no branch: \(failure.text)")
    }
    guard report.state == .given else {
      return try await park("the plan has no branch: \(report.text ?? "it cannot be read")")
    }
    let intent = JSONWriter.object { json in
      json.string("plan", Digest.text(Array((settings.plan?.document ?? "").utf8)))
      json.string("policy", Digest.text(Array(settings.policy.utf8)))
    }
    let sequence = log.begin(
      StepKind.start,
      .pure,
      hash: Digest.text(intent),
      body: String(decoding: intent, as: UTF8.self)
    )
    log.end(sequence, StepOutcome(.done, body: try report.json))
    return .goOn
  }

  private mutating func begin(_ name: String, at head: String) async throws -> Flow {
    guard let part = plan.part(name) else { return .over }
    let settings: AgentSettings
    do {
      settings = try self.settings.part(part, of: plan, within: document, at: at(head))
    } catch {
      return try await park("\(name) was not begun: \(error)")
    }
    let standing = try await standing()
    let reader = PlanThread.children(log.records)
    let before = part.after.compactMap { name in
      reader[name].flatMap { standing[$0]?.reason }.map { "- \(name): \($0)" }
    }
    let text = PlanText.task(part, before: before)
    return try await give(text, settings, as: StepKind.begin, of: name)
  }

  private mutating func settle(
    _ name: String,
    _ conflict: PlanThread.Conflict,
    _ advice: String?
  ) async throws -> Flow {
    guard let marked = conflict.report.marked else {
      return try await park("nothing is on record of the conflict of \(name)")
    }
    var part = PlanDocument.Part(name: "\(name)-conflict")
    if case .agent(let agent) = plan.conflicts { part.agent = agent }
    let settings: AgentSettings
    do {
      settings = try self.settings.part(part, of: plan, within: document, at: at(marked))
    } catch {
      return try await park("the conflict of \(name) was not given to an agent: \(error)")
    }
    let text = PlanText.settling(plan.part(name), conflict.report, advice: advice)
    return try await give(text, settings, as: StepKind.settle, of: name)
  }

  private func at(_ commit: String) -> String { "\(assignment.id):\(commit)" }

  /// Gives work; written together with its step, so that it is there once.
  private mutating func give(
    _ text: String,
    _ settings: AgentSettings,
    as kind: String,
    of name: String
  ) async throws -> Flow {
    guard let child = AgentRun.makeChildren(1).first else { return .over }
    record(kind, [("child", child), ("task", name)])
    log.add(
      .spawn(
        NewAssignment(
          id: child,
          parent: assignment.id,
          text: text,
          settings: try settings.json
        )
      )
    )
    try await write()
    return .goOn
  }

  /// Keeps a step that is done with its own record.
  private mutating func record(_ kind: String, _ members: [(String, String)]) {
    let body = JSONWriter.object { json in
      for (key, value) in members {
        json.key(key)
        json.string(value)
      }
    }
    let sequence = log.begin(
      kind,
      .pure,
      hash: Digest.text(body),
      body: String(decoding: body, as: UTF8.self)
    )
    log.end(sequence, StepOutcome(.done, body: "{}"))
  }

  // MARK: Recovery

  var interruption: String { "Interrupted: the worker stopped." }

  func flush() async {
    try? await workplace.flush()
    await workplace.close()
  }

  mutating func takeUp(_ record: StepRecord) async throws -> Flow {
    if record.intent.kind == StepKind.merge { return try await takeUp(merge: record) }
    log.end(record.intent.sequence, result(.interrupted, interruption))
    return .goOn
  }

  mutating func repeatStep(_ record: StepRecord) async throws -> Flow {
    try await takeUp(record)
  }

  func probe(_ record: StepRecord) async throws -> StepRecovery.Evidence { .unclear }
}

extension PlanThread {
  /// The agent of each part.
  static func children(_ records: [StepRecord]) -> [String: String] {
    var reader = PlanReader()
    for record in records { reader.read(record) }
    return reader.parts.compactMapValues(\.child)
  }
}
