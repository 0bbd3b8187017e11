import Agent
import Foundation
package import Journal
import Policy
import Sandbox
package import SystemPackage
package import WorkWire

/// What people ask of the daemon, as values: HTTP is the console's.
package struct WorkService: Sendable {
  let store: any WorkStore
  /// Nil where model calls are counted elsewhere.
  let ledger: Ledger?
  let changes: Changes
  /// Gives a new assignment its name.
  let makeID: @Sendable () -> String
  /// Why no work goes on, where none does.
  let standstill: @Sendable () -> String?
  /// Whether the store is apart from the machine's own journal.
  package let keepsOnServer: Bool
  /// Where agents of others are described.
  private let agents: AgentFiles?

  /// Steps of one answer.
  static let mostSteps = 500
  /// Seconds that an answer may be waited for.
  package static let longestWait = 60

  package init(
    store: any WorkStore,
    ledger: Ledger?,
    agentsIn directory: String? = nil,
    state: FilePath? = nil,
    keepsOnServer: Bool = false
  ) {
    self.keepsOnServer = keepsOnServer
    standstill = { state.flatMap { Room.standstill(at: $0) } }
    agents = directory.map { AgentFiles(directory: $0) }
    self.store = store
    self.ledger = ledger
    changes = Changes(store)
    makeID = {
      RunID(
        seconds: UInt64(clamping: Journal.now() / 1_000_000),
        random: UInt32.random(in: 0...UInt32.max)
      ).text
    }
  }

  /// Notices what others write, for those who wait; until it is cancelled.
  package func run() async { await changes.run() }

  package func verification() async throws -> VerificationView {
    var view: VerificationView
    switch try await store.verify() {
    case .intact(let head, let uncovered):
      view = VerificationView(intact: true)
      view.rows = head.sequence
      view.head = head.hash.description
      view.uncovered = uncovered
    case .broken(let broken):
      view = VerificationView(intact: false)
      view.row = broken.sequence
      view.problem = broken.description
    }
    return view
  }

  // MARK: Assignments

  package func assign(_ order: AssignmentOrder) async throws -> AssignmentView {
    guard order.every == nil else {
      throw WorkProblem(.invalid, "work that is given again and again is a schedule: /v1/schedules")
    }
    let settings = try OrderCheck.settings(of: order, agents: agents)
    let made = try await store.assign(
      NewAssignment(
        id: makeID(),
        text: order.text,
        settings: try settings.json,
        dedupe: order.key.map { "given:\($0)" },
        start: order.start
      )
    )
    changes.note()
    return try view(of: made)
  }

  package func assignments(_ query: AssignmentQuery) async throws -> [AssignmentView] {
    var filter = AssignmentFilter(states: query.states, limit: query.limit)
    if let parent = query.parent { filter.parent = try await find(parent).id }
    let found = try await store.assignments(filter)
    let questions = try await store.approvals(.pending, of: nil)
    return try views(of: found, questions)
  }

  package func detail(_ name: String) async throws -> AssignmentDetail {
    let assignment = try await find(name)
    let below = try await descendants(of: assignment.id)
    let family = Set(below.map(\.id) + [assignment.id])
    let questions = try await store.approvals(.pending, of: nil)
      .filter { family.contains($0.assignment) }
    let views = try views(of: [assignment] + below, questions)
    let settings = try? AgentSettings(json: assignment.settings)
    return AssignmentDetail(
      assignment: views[0],
      children: Array(views.dropFirst()),
      questions: questions.map(QuestionView.init),
      policy: settings?.policy ?? "",
      turns: settings?.bounds.turns ?? 0,
      patience: settings?.patience
    )
  }

  /// Steps after `after`; where there are none, or nothing has changed since `seen`, it waits.
  package func steps(
    of name: String,
    after: Int,
    wait: Int,
    seen: String?
  ) async throws -> StepsView {
    let id = try await find(name).id
    let end = ContinuousClock.now + .seconds(min(max(0, wait), Self.longestWait))
    while true {
      let now = changes.number
      let found = try await steps(of: id, after: after)
      let isNews =
        seen.map { $0 != found.mark } ?? (!found.steps.isEmpty || found.assignment.isOver)
      if isNews || ContinuousClock.now >= end || Task.isCancelled { return found }
      await changes.wait(beyond: now, until: end)
    }
  }

  private func steps(of id: String, after: Int) async throws -> StepsView {
    // The assignment first: a step that is written meanwhile is shown, and shown again.
    guard let assignment = try await store.assignment(id) else {
      throw WorkError.unknownAssignment(id)
    }
    let found = try await store.steps(of: id, after: after)
    let family = Set(try await descendants(of: id).map(\.id) + [id])
    let questions = try await store.approvals(.pending, of: nil)
      .filter { family.contains($0.assignment) }
    let asked = questions.isEmpty ? "" : "." + questions.map(\.id).joined(separator: ".")
    let view = try views(of: [assignment], questions)[0]
    let still = view.reason == assignment.reason ? "" : ".still"
    return StepsView(
      assignment: view,
      steps: found.prefix(Self.mostSteps).map(StepView.init),
      questions: questions.map(QuestionView.init),
      mark: "\(assignment.changed).\(assignment.state.rawValue)\(asked)\(still)",
      isCut: found.count > Self.mostSteps
    )
  }

  /// Stops it and all below it.
  package func stop(_ name: String, by: String) async throws -> AssignmentView {
    let assignment = try await find(name)
    let below = try await descendants(of: assignment.id)
    // From above: nobody is woken by the end of a child, to be stopped then.
    let stopped = try await store.stop(assignment.id, by: by)
    for child in below { _ = try await store.stop(child.id, by: by) }
    changes.note()
    return try view(of: stopped)
  }

  /// Lets it go on, and with it the children that it waits for and that were stopped.
  package func resume(_ name: String, by: String) async throws -> AssignmentView {
    let assignment = try await find(name)
    // The children first: it would take those that are still stopped for done with. The store says why
    // it cannot be where it is not over.
    if assignment.state.isOver { try await resumeChildren(of: assignment, by: by) }
    let resumed = try await store.resume(assignment.id, by: by)
    changes.note()
    return try view(of: resumed)
  }

  private func resumeChildren(of assignment: Assignment, by: String) async throws {
    if (try? AgentSettings(json: assignment.settings))?.plan != nil {
      return try await resumeParts(of: assignment, by: by)
    }
    let last = try await store.steps(of: assignment.id, after: max(0, assignment.steps - 1)).last
    guard let last, last.outcome == nil, last.intent.kind == StepKind.toolPrefix + ToolName.spawn
    else { return }
    let body = try? JSONDecoder().decode(JSONValue.self, from: Data(last.intent.body.utf8))
    for name in body?["children"]?.elements.compactMap(\.string) ?? [] {
      guard let child = try await store.assignment(name), child.state == .stopped else { continue }
      _ = try await store.resume(name, by: by)
      try await resumeChildren(of: child, by: by)
    }
  }

  /// A plan waits for each of its agents, however they ended.
  private func resumeParts(of assignment: Assignment, by: String) async throws {
    for child in try await store.assignments(AssignmentFilter(parent: assignment.id))
    where child.state.isOver && child.state != .done {
      try await resumeChildren(of: child, by: by)
      _ = try await store.resume(child.id, by: by)
    }
  }

  // MARK: Questions

  package func questions(
    _ state: Approval.State?,
    of name: String?
  ) async throws -> [QuestionView] {
    var assignment: String?
    if let name { assignment = try await find(name).id }
    return try await store.approvals(state, of: assignment).map(QuestionView.init)
  }

  package func question(_ name: String) async throws -> QuestionView {
    QuestionView(try await findQuestion(name))
  }

  package func answer(
    _ name: String,
    _ order: AnswerOrder,
    by: String
  ) async throws -> QuestionView {
    let question = try await findQuestion(name)
    let answer = try OrderCheck.answer(order, by: by)
    let answered = try await store.answer(question.id, answer)
    changes.note()
    return QuestionView(answered)
  }

  // MARK: Schedules

  package func schedules() async throws -> [ScheduleView] {
    try await store.schedules().map(ScheduleView.init)
  }

  package func schedule(_ order: AssignmentOrder) async throws -> ScheduleView {
    let settings = try OrderCheck.settings(of: order, agents: agents)
    guard let every = order.every else {
      throw WorkProblem(.invalid, "a schedule needs every: seconds between")
    }
    guard order.key == nil else {
      throw WorkProblem(.invalid, "a schedule has no key: each of its moments has its own")
    }
    let schedule = Schedule(
      id: makeID(),
      text: order.text,
      settings: try settings.json,
      every: every * 1_000_000,
      due: order.start ?? Journal.now()
    )
    try await store.schedule(schedule)
    return ScheduleView(schedule)
  }

  package func removeSchedule(_ name: String) async throws {
    let all = try await store.schedules().map(\.id)
    try await store.removeSchedule(try WorkNames.resolve(name, among: all, as: .schedule))
  }

  // MARK: Finding

  /// An assignment by its name, the beginning of it, or `last`.
  func find(_ name: String) async throws -> Assignment {
    if let found = try await store.assignment(name) { return found }
    let all = try await store.assignments(AssignmentFilter(limit: WorkNames.most))
    if name == WorkNames.last, let newest = all.first(where: { $0.parent == nil }) { return newest }
    let id = try WorkNames.resolve(name, among: all.map(\.id), as: .assignment)
    guard let found = all.first(where: { $0.id == id }) else {
      throw WorkError.unknownAssignment(name)
    }
    return found
  }

  /// A question by its name, whose assignment may be shortened; or the only one that an assignment
  /// has.
  private func findQuestion(_ name: String) async throws -> Approval {
    if let found = try await store.approval(name) { return found }
    if let dot = name.lastIndex(of: ".") {
      let id = try await find(String(name[..<dot])).id + name[dot...]
      guard let found = try await store.approval(id) else { throw WorkError.unknownApproval(name) }
      return found
    }
    let assignment = try await find(name)
    let family = Set(try await descendants(of: assignment.id).map(\.id) + [assignment.id])
    let pending = try await store.approvals(.pending, of: nil)
      .filter { family.contains($0.assignment) }
    guard let only = pending.first else {
      throw WorkProblem(.conflict, "\(assignment.id) asks nothing at the moment")
    }
    guard pending.count == 1 else {
      throw WorkProblem(
        .conflict,
        "\(assignment.id) asks \(pending.count) things; name one of "
          + pending.map(\.id).joined(separator: ", ")
      )
    }
    return only
  }

  /// All below an assignment, from above.
  private func descendants(of id: String) async throws -> [Assignment] {
    var found: [Assignment] = []
    var parents = [id]
    // Agents are so deep at most; one more than any store holds.
    for _ in 0...AgentRules.deepest where !parents.isEmpty {
      var next: [Assignment] = []
      for parent in parents {
        next += try await store.assignments(AssignmentFilter(parent: parent)).reversed()
      }
      found += next
      parents = next.map(\.id)
    }
    return found
  }

  // MARK: Showing

  private func view(of assignment: Assignment) throws -> AssignmentView {
    try views(of: [assignment], [])[0]
  }

  private func views(
    of assignments: [Assignment],
    _ questions: [Approval]
  ) throws -> [AssignmentView] {
    let names = assignments.map { ModelKeys.account(of: $0.id) }
    let sums = try ledger?.sums(of: names) ?? [:]
    let counts = Dictionary(grouping: questions, by: \.assignment).mapValues(\.count)
    let standstill = standstill()
    return zip(assignments, names).map { assignment, name in
      var view = AssignmentView(
        assignment,
        sums[name] ?? .zero,
        questions: counts[assignment.id] ?? 0
      )
      if [.queued, .running].contains(assignment.state) { view.reason = standstill ?? view.reason }
      return view
    }
  }
}

/// Which assignments a list shows.
package struct AssignmentQuery: Sendable, Equatable {
  package var states: Set<Assignment.State>?
  package var parent: String?
  package var limit = 200

  package init() {}
}
