import Agent
package import AsyncHTTPClient
import Foundation
package import Journal
import Policy
import Sandbox
import SystemPackage

/// Takes assignments and works on them, many at a time, until it is asked to stop.
package actor Worker {
  private struct Job {
    let lease: Lease
    let signals: LeaseSignals
    let task: Task<Void, Never>
  }

  private let setup: WorkSetup
  private let store: any WorkStore
  private let keys: ModelKeys
  private let identity: WorkerIdentity
  private let model: ModelClient
  private let complain: @Sendable (String) -> Void
  private var jobs: [String: Job] = [:]
  /// Assignments of agents that are run as a whole.
  private var hosted: Set<String> = []
  private var isStopping = false
  /// Why nothing is taken.
  private var standstill: String?
  private var renewed = ContinuousClock.now

  /// Microseconds for which an assignment is held without a word.
  private static let leaseDuration: Int64 = 15_000_000
  /// How long an agent that is run as a whole may go on once this worker is to end: less than the
  /// daemon waits for.
  private static let grace: Duration = .seconds(25)
  private static let heartbeat: Duration = .seconds(3)

  package init(
    _ setup: WorkSetup,
    store: any WorkStore,
    ledger: Ledger,
    http: HTTPClient,
    complain: @escaping @Sendable (String) -> Void
  ) throws {
    self.setup = setup
    self.store = store
    self.complain = complain
    keys = try ModelKeys(ledger: ledger, state: FilePath(setup.state))
    identity = WorkerIdentity(host: Machine.name, process: .current())
    let file = FilePath(setup.runtime).appending("gateway.json")
    model = ModelClient(http: http) {
      Announcement(readFrom: file).map { ($0.host, $0.port) }
    }
  }

  /// Works until ``stop()`` has been called and everything in hand has been let go.
  package func run() async {
    while !isStopping || !jobs.isEmpty {
      await keepLeases()
      lookForRoom()
      if !isStopping && standstill == nil { await takeMore() }
      await store.waitForChange(timeout: .milliseconds(jobs.isEmpty ? 1_000 : 500))
    }
  }

  /// Lets go of each assignment at its next step.
  package func stop() {
    isStopping = true
    for job in jobs.values { job.signals.say(.letGo) }
    // Ends with this process at the latest.
    Task {
      try? await Task.sleep(for: Self.grace)
      // Its step may be hours long. It stays open, and whoever takes the assignment next settles it.
      for name in hosted { jobs[name]?.task.cancel() }
    }
  }

  // MARK: Leases

  /// Lets go of everything, each at its next step, where the disk is about to be full.
  private func lookForRoom() {
    let now = Room.standstill(at: FilePath(setup.state), wasShort: standstill != nil)
    if (now == nil) != (standstill == nil) {
      complain(now.map { "work \($0)" } ?? "there is room again, and work goes on")
    }
    standstill = now
    guard now != nil else { return }
    for job in jobs.values { job.signals.say(.letGo) }
  }

  private func takeMore() async {
    let free = setup.slots - jobs.count
    guard free > 0 else { return }
    let own = identity
    var request = LeaseRequest(
      worker: identity,
      duration: Self.leaseDuration,
      limit: free,
      look: { $0 == own ? .alive : Machine.sight(of: $0) }
    )
    // A worker's death is counted against all that it had in hand, most of them blameless.
    request.largestRecoveries = 2 * LeaseRule.largestRecoveries
    let state = setup.state
    if setup.journal != nil { request.accepts = { Machine.has($0, state: state) } }
    do {
      for lease in try await store.lease(request) { begin(lease) }
    } catch {
      complain("no work can be taken: \(error)")
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func begin(_ lease: Lease) {
    let signals = LeaseSignals()
    if isStopping { signals.say(.letGo) }
    // Ends with the job; stop() lets it end early.
    let task = Task { await self.work(lease, signals) }
    jobs[lease.assignment] = Job(lease: lease, signals: signals, task: task)
  }

  private func keepLeases() async {
    guard !jobs.isEmpty, ContinuousClock.now - renewed >= Self.heartbeat else { return }
    let held = Array(jobs.values)
    do {
      let states = try await store.renew(held.map(\.lease), for: Self.leaseDuration)
      renewed = ContinuousClock.now
      for (job, state) in zip(held, states) {
        switch state {
        case .held(isAskedToStop: true):
          job.signals.say(.stop)
          // What it waits for (a model, a command) need not come to its end.
          job.task.cancel()
        case .held: break
        case .lost:
          job.signals.say(.lost)
          job.task.cancel()
        }
      }
    } catch {
      complain("leases cannot be renewed: \(error)")
      guard ContinuousClock.now - renewed > .microseconds(Self.leaseDuration) else { return }
      for job in held {
        job.signals.say(.lost)
        job.task.cancel()
      }
    }
  }

  // MARK: One assignment

  private func work(_ lease: Lease, _ signals: LeaseSignals) async {
    defer { jobs[lease.assignment] = nil }
    do {
      guard let assignment = try await store.assignment(lease.assignment) else { return }
      if assignment.isAskedToStop { signals.say(.stop) }
      try await work(on: assignment, lease, signals)
    } catch let error as WorkError {
      // Nothing can be said of it on record: the lease runs out, and another worker looks.
      complain("\(lease.assignment): \(error)")
      if case .fenced = error { return }
      try? await Task.sleep(for: .seconds(2))
    } catch is CancellationError {
      await letGo(lease, signals)
    } catch {
      complain("\(lease.assignment): \(error)")
      try? await store.commit([.end(.parked, reason: "\(error)")], under: lease)
    }
  }

  /// The work was broken off while it waited for something: what is open is settled when it is taken
  /// again.
  private func letGo(_ lease: Lease, _ signals: LeaseSignals) async {
    let change: WorkChange =
      signals.word == .stop ? .end(.stopped, reason: "stopped when asked to") : .letGo
    try? await store.commit([change], under: lease)
  }

  private func work(
    on assignment: Assignment,
    _ lease: Lease,
    _ signals: LeaseSignals
  ) async throws {
    let settings = try AgentSettings(json: assignment.settings)
    let document = try PolicyDocument.parse(settings.policy, file: settings.policyName)
    let rules = AgentRules(document)
    guard WorkPlace.isReal(settings.directory) else {
      let reason = "not begun: \(WorkPlace.changed(settings.directory))"
      try await store.commit([.end(.parked, reason: reason)], under: lease)
      return
    }
    // Before its first step: where it lies, it is taken again.
    _ = try keepPolicy(rules.inside, of: assignment)
    let key = try keys.key(for: assignment, settings, models: document.models)
    if settings.plan != nil {
      return try await workOff(assignment, lease, signals, settings, document, rules.inside)
    }
    guard settings.agent == AgentSettings.own else {
      return try await host(assignment, lease, signals, settings, document, key)
    }
    let workplace = try workplace(for: assignment, settings, rules.inside)
    let servers = ToolServers(
      program: setup.program,
      environment: setup.environment,
      policies: policies.string,
      assignment: assignment.id
    )
    var run = AgentRun(
      store: store,
      lease: lease,
      assignment: assignment,
      settings: settings,
      rules: rules,
      model: model,
      modelKey: key,
      signals: signals,
      workplace: workplace,
      servers: servers,
      branches: .command(setup),
      spent: { [keys] in await keys.spent(by: assignment.id, newest: $0) }
    )
    let result = await Result { try await run.work() }
    await servers.close()
    await workplace.close()
    await revokeKey(ifDone: assignment)
    try result.get()
  }

  /// Works off a plan.
  private func workOff(
    _ assignment: Assignment,
    _ lease: Lease,
    _ signals: LeaseSignals,
    _ settings: AgentSettings,
    _ document: PolicyDocument,
    _ inside: PolicyDocument
  ) async throws {
    let workplace = try workplace(for: assignment, settings, inside)
    var run = try PlanRun(
      store: store,
      lease: lease,
      assignment: assignment,
      settings: settings,
      document: document,
      signals: signals,
      workplace: workplace,
      branches: .command(setup)
    )
    let result = await Result { try await run.work() }
    await workplace.close()
    await revokeKey(ifDone: assignment)
    try result.get()
  }

  /// Lets another agent work.
  private func host(
    _ assignment: Assignment,
    _ lease: Lease,
    _ signals: LeaseSignals,
    _ settings: AgentSettings,
    _ document: PolicyDocument,
    _ key: String
  ) async throws {
    let runtime = FilePath(setup.runtime)
    let place = HostedPlace(
      files: AgentFiles(directory: FilePath(setup.config).appending("agents").string),
      log: FilePath(setup.state).appending("runs/\(assignment.id)/output.log").string,
      hasModels: { Announcement(readFrom: runtime.appending("gateway.json")) != nil },
      workplace: { [self] policy in
        try workplace(for: assignment, settings, policy, modelsKey: key)
      }
    )
    var run = HostedRun(
      store: store,
      lease: lease,
      assignment: assignment,
      settings: settings,
      document: document,
      signals: signals,
      place: place
    )
    hosted.insert(assignment.id)
    defer { hosted.remove(assignment.id) }
    let result = await Result { try await run.work() }
    await run.close()
    await revokeKey(ifDone: assignment)
    try result.get()
  }

  /// Whatever else it ended as can be resumed, and goes on under its key.
  private func revokeKey(ifDone assignment: Assignment) async {
    if let now = try? await store.assignment(assignment.id), now.state == .done {
      keys.revoke(assignment.id)
    }
  }

  private nonisolated var policies: FilePath { FilePath(setup.state).appending("policies") }

  /// Writes what an assignment's run is sealed by, and gives where.
  private nonisolated func keepPolicy(
    _ inside: PolicyDocument,
    of assignment: Assignment
  ) throws -> FilePath {
    try? FileManager.default.createDirectory(
      atPath: policies.string,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    let policy = policies.appending("\(assignment.id).yaml")
    try Data(inside.canonicalText.utf8).write(to: URL(filePath: policy.string), options: .atomic)
    return policy
  }

  /// - Parameter modelsKey: for an agent that calls models from inside; nil where they are called from
  ///   outside.
  private nonisolated func workplace(
    for assignment: Assignment,
    _ settings: AgentSettings,
    _ inside: PolicyDocument,
    modelsKey: String? = nil
  ) throws -> Workplace {
    let policy = try keepPolicy(inside, of: assignment)
    var arguments = [
      "--run-id", assignment.id, "--in", settings.directory, "--policy", policy.string,
    ]
    if modelsKey == nil { arguments.append("--no-models") }
    if let mode = settings.workspace { arguments += ["--workspace", mode] }
    if let beginning = settings.beginning { arguments += ["--branch-at", beginning] }
    let setup = setup
    return Workplace(directory: settings.directory) { [arguments] () throws(SessionError) in
      try await SealedSession.open(
        program: setup.program,
        arguments: arguments,
        environment: setup.environment,
        modelsKey: modelsKey
      )
    }
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
