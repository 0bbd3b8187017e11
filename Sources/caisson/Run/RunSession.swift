internal import CLinux
import Crypto
import Foundation
import Glibc
import Journal
import Policy
import Sandbox
import SystemPackage

/// One `caisson run`, from its arguments to its exit status.
struct RunSession {
  let policyName: String
  let directory: String?
  let mode: String?
  let tracesDenials: Bool
  let tracesPrograms: Bool
  let quiet: Bool
  let json: Bool
  /// Hosts, and secrets with theirs, that are granted besides what the policy grants.
  var allowed: [String] = []
  /// Kinds of packages whose registries are granted besides.
  var packages: [String] = []
  var secrets: [String] = []
  /// Whether what the run wants of the network is to be seen, even where it is granted nothing.
  var learning: Learning?
  /// What makes it a session.
  var service: SessionService?
  /// Whether the run is over when nobody can write to its standard input any more.
  var endsWithInput = false
  let command: [String]

  /// Why a run was not started, with its exit status.
  struct Refusal: Error {
    let status: Int32
    let message: String

    static func policy(_ message: String) -> Refusal { Refusal(status: 126, message: message) }
    static func failed(_ message: String) -> Refusal { Refusal(status: 125, message: message) }
  }

  /// Runs, reports, and returns the status to exit with.
  func run() -> Int32 {
    do {
      return try start()
    } catch let refusal as Refusal {
      complain(refusal.message)
      return refusal.status
    } catch {
      complain("\(error)")
      return 125
    }
  }

  private func start() throws -> Int32 {
    let home = try Home.current()
    try home.prepareState()
    let run =
      try service?.run()
      ?? RunID(seconds: UInt64(time(nil)), random: UInt32.random(in: 0...UInt32.max))
    let journal = RunJournal(home: home, run: run)
    let files = RunFiles(home: home, run: run, beginning: service?.beginning)
    // Once the run is on record, its directory stays, whatever fails: it may hold work.
    var isRecorded = true
    defer { if !isRecorded { files.removeAfterFailure() } }
    // Before the launcher is there, which holds the lock to its end.
    let claim = try service.map { _ in try files.claim { isSupervisorGone(run, home) } }
    if claim?.isNew == true { isRecorded = false }
    let host = HostFacts.probe()
    let layers = Self.layers()
    let identity = Confinement.identity(
      host,
      number: UInt32.random(in: 0...UInt32.max),
      layers: layers
    )
    try StandardInput.makePrivate(in: home.state)
    let terminals = [Int32(0), 1, 2].filter { isatty($0) == 1 }
    var output = try OutputRelay()
    // The kernel makes the namespaces of the run while it is planned.
    let launcher = try Launcher(
      path: Self.ownPath("caisson-launch"),
      identity: identity,
      terminals: terminals,
      output: &output,
      lock: claim?.lock
    )
    let grants = try RunGrants.resolve(
      policyName: policyName,
      directory: directory,
      mode: mode,
      additions: NetworkAdditions.read(allowed, packages, secrets, home: home),
      home: home,
      models: service?.models ?? .ownKey
    )
    // A run that has a name works where that was said, not where a link leads by now.
    if service?.runID != nil, grants.workspace != nil, let directory,
      directory != grants.startDirectory
    {
      throw Refusal.failed("\(directory) leads to \(grants.startDirectory); name that")
    }
    let known = claim?.isNew == false ? try journal.summary() : nil
    let resumed = claim?.isNew == false ? try files.resume(grants, known) : nil
    let record = try resumed ?? (claim == nil ? files.create(grants) : files.fill(grants))
    if resumed == nil { isRecorded = false }
    if resumed == nil, !quiet { for note in files.branchNotes(record) { complain(note) } }

    // Before anything else is made: whoever cannot be given a way out is not started.
    let asks = learning == .ask && RunSupervisor.canAsk
    if learning == .ask, !asks, !quiet {
      complain("nobody can be asked without a terminal: what the command wants is recorded")
    }
    var network = try RunNetwork.start(
      grants,
      run: run,
      home: home,
      asks: asks,
      learns: learning != nil,
      tracesPrograms: tracesPrograms
    )
    defer { grants.models?.revoke(run) }
    if !quiet { for note in network?.notes ?? [] { complain(note) } }
    var environment = RunEnvironment.make(
      policy: grants.policy,
      run: run,
      host: host,
      home: grants.home,
      visible: grants.reads + grants.writes + (grants.workspace.map { [$0] } ?? [])
    )
    if let added = network?.environment { environment.add(added) }
    let limits = grants.policy.limits
    let groups = Cgroups.plan(for: run, limits: limits)
    var hasRun = false
    defer { if !hasRun { groups.remove() } }
    var request = ConfinementRequest(
      workspace: grants.workspace.map {
        .init(path: $0, mode: record.mode, layer: record.layer.string)
      },
      reads: grants.reads,
      writes: grants.writes,
      denied: grants.denied,
      limits: limits,
      host: host,
      home: grants.home,
      command: command,
      environment: environment.values,
      directory: grants.startDirectory,
      identity: identity
    )
    request.hasTemporaryDirectory = grants.hasTemporaryDirectory
    request.terminals = terminals
    request.observesFiles = tracesDenials
    request.network = network?.grant
    request.tracesPrograms = tracesPrograms
    request.cgroups = groups.paths
    request.joinsCgroups = groups.areJoinedFromWithin
    request.hasProcessLimitElsewhere = groups.has(.pids)
    request.sockets = grants.sockets(record.mode)
    if record.mode == .branch { try files.place(in: &request) }
    request.protected = grants.protected(record.mode)
    request.sharesHostTree = grants.sharesHostTree(record.mode)
    let placeholders = try Placeholders.make(grants, record, home: home) {
      try launcher.keepInMind($0, isDirectory: $1)
    }
    request.placeholders = placeholders?.entries ?? []
    request.protected += placeholders?.grants ?? []
    defer { placeholders?.remove() }
    request.layers = layers
    request.removesEmptyLayer = record.mode == .overlay && service == nil
    if service != nil {
      request.isContinued = true
      request.service = (try SessionService.onHost(), SessionService.program)
    }
    var plan = Confinement.plan(request)
    plan.argumentBytes = CallerBytes.arguments(of: command)
    plan.environmentBytes = CallerBytes.environment()
    if plan.argumentBytes == nil, command.contains(where: { $0.contains("\u{FFFD}") }) {
      throw Refusal.failed("the command's arguments are no UTF-8 and cannot be passed on as given")
    }

    let started = started(grants, record, request, environment.withheld)
    var changes: ChangeCounts?
    var hooks = RunSupervisor.Hooks(
      beforeStart: {
        if resumed == nil {
          try files.describe(record, grants.policy)
        } else {
          try files.describeAgain(grants.policy)
        }
        if service != nil { files.settle() }
        try journal.begin(beginning(started, known))
        isRecorded = true
        if service != nil { try files.holdApplies() }
      },
      denied: { try? journal.append([.denial($0.event)]) },
      judge: { path, writes, executes in
        let request: Request = writes ? .write(path) : executes ? .execute(path) : .read(path)
        let decision = grants.policy.decide(request)
        return decision.verdict == .deny ? (decision.rule, decision.remedy) : nil
      },
      ended: { outcome in
        changes = files.changes(record)
        if changes?.total != 0 { files.flush(record) }
        try journal.append(ended(outcome, changes))
      },
      observed: { audits in
        let events = try RunNetwork.events(audits)
        try journal.append(events.map(Event.network))
        return events.compactMap(\.denial)
      }
    )
    var document = grants.policy.document
    if asks {
      hooks.question = Learning.question
      hooks.granted = { place in
        let rule = try Learning.rule(for: place)
        try journal.append([.networkGranted(rule.event)])
        document.network.append(.host(rule.host))
        return try RunNetwork.update(document)
      }
    }
    hooks.revoked = {
      let rest = Revocation.remainder(of: document, in: files.directory)
      try journal.append([.networkRevoked(.init(remaining: rest?.network.count ?? 0))])
      return try rest.map { try RunNetwork.update($0) }
    }
    let supervisor = try RunSupervisor(
      plan: plan,
      limits: limits,
      groups: groups,
      layer: [.overlay, .branch].contains(record.mode) ? record.changes.string : nil,
      hooks: hooks,
      output: output,
      egress: network?.takeLink(),
      endsWithInput: endsWithInput || service != nil,
      launcher: launcher
    )
    let outcome = try supervisor.run()
    hasRun = true
    let report = RunReport(
      run: run,
      outcome: outcome,
      changes: changes,
      isDirect: request.sharesHostTree,
      withheld: environment.withheld,
      hasBranch: record.mode == .branch
    )
    // What holds changes stays, and so does what could not be looked at.
    if changes?.total == 0, service == nil { files.removeLayer() }
    // A terminal that takes nothing would hold up the end; what it misses is on record.
    guard !outcome.terminalIsStuck || isatty(2) != 1 else { return outcome.exitStatus }
    if case .failed(let error) = outcome.end { complain("\(error)") }
    if let lost = outcome.lostOutput { complain(Self.description(of: lost)) }
    if service != nil, let limit = outcome.limit {
      complain("the session reached the limit \(limit.limit): \(limit.detail)")
    }
    if json { report.printJSON() } else if !quiet, service == nil { report.print() }
    return outcome.exitStatus
  }

  // MARK: - Journal

  /// The first rows. Whoever continues a run has its lock: no other supervisor of it is left, even
  /// where none wrote its end.
  private func beginning(_ started: RunStarted, _ known: RunSummary?) -> [Event] {
    guard let known else { return [.runStarted(started)] }
    let lost = RunAbandoned(
      reason: "its supervisor, process \(known.started.pid), ended without a word"
    )
    return (known.state == .running ? [.runAbandoned(lost)] : []) + [.runResumed(started)]
  }

  /// Whether the supervisor that is on record of a run is certainly dead.
  private func isSupervisorGone(_ run: RunID, _ home: Home) -> Bool {
    guard let journal = try? home.existingJournal(), let known = try? journal.run(run.text) else {
      return false
    }
    return known.state != .running || SupervisorWatch().isGone(known.started)
  }

  private func started(
    _ grants: RunGrants,
    _ record: WorkspaceRecord,
    _ request: ConfinementRequest,
    _ withheld: [String]
  ) -> RunStarted {
    let hash = SHA256.hash(data: Data(grants.policy.document.canonicalText.utf8))
    var host = utsname()
    uname(&host)
    let node = withUnsafeBytes(of: &host.nodename) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let own = OwnProcess.current()
    return RunStarted(
      command: command,
      directory: grants.startDirectory,
      workspace: grants.workspace?.real ?? "",
      workspaceMode: record.mode.rawValue,
      policyName: grants.policy.name,
      policyHash: hash.map { String($0, radix: 16).leftPadded(to: 2) }.joined(),
      uid: request.host.uid,
      pid: own.pid,
      pidStart: own.start,
      host: node,
      boot: own.boot,
      pidNamespace: own.namespace,
      version: Caisson.version,
      layers: request.layers.map(\.rawValue).sorted() + (isTapped(request) ? ["tap"] : []),
      withheld: withheld
    )
  }

  private func ended(_ outcome: RunOutcome, _ changes: ChangeCounts?) -> [Event] {
    var events: [Event] = outcome.denials.filter { $0.count > 1 && $0.layer != .network }.map {
      .denial($0.event)
    }
    if let hit = outcome.limit {
      events.append(.limitHit(.init(limit: hit.limit, value: hit.value, detail: hit.detail)))
    }
    var end = RunEnded(
      limit: outcome.limit?.limit,
      seconds: outcome.seconds,
      cpuSeconds: outcome.cpuSeconds,
      maxMemoryBytes: Int64(clamping: outcome.maxMemoryBytes),
      changes: changes,
      denials: outcome.denials.reduce(0) { $0 + $1.count }
    )
    switch outcome.end {
    case .exited(let code): end.exit = code
    case .signalled(let signal): end.signal = signal
    case .failed(let error): end.error = "\(error)"
    }
    events.append(.runEnded(end))
    return events
  }

  // MARK: - Parts

  private static func description(of lost: OutputRelay.Failure) -> String {
    let name = lost.descriptor == 1 ? "standard output" : "standard error"
    return "\(name) could not be written: \(String(cString: strerror(lost.error))); "
      + "the rest of what the command printed there is lost"
  }

  /// Another program of ours, which lies beside this one.
  static func ownPath(_ name: String) -> String {
    var own = HostTree.link("/proc/self/exe") ?? CommandLine.arguments[0]
    if let slash = own.lastIndex(of: "/") { own = String(own[..<slash]) }
    return own + "/" + name
  }

  /// Whether attempts where nobody listens will be seen. Where the kernel refuses it all the same, a
  /// row of the run says so.
  private func isTapped(_ request: ConfinementRequest) -> Bool {
    request.network != nil && cl_has_packet_sockets() == 1
  }

  /// Every layer; a debug build can leave some out, to show that each holds alone.
  private static func layers() -> Set<Wall> {
    #if DEBUG
      if let text = getenv("CAISSON_TEST_LAYERS").map({ String(cString: $0) }) {
        return Set(text.split(separator: ",").compactMap { Wall(rawValue: String($0)) })
      }
    #endif
    return Set(Wall.allCases)
  }

}

extension String {
  fileprivate func leftPadded(to length: Int) -> String {
    String(repeating: "0", count: max(0, length - count)) + self
  }
}

extension ObservedDenial {
  var event: Denial {
    let kind: Denial.Layer =
      switch layer {
      case .seccomp: .seccomp
      case .file: .file
      case .network: .network
      }
    return Denial(
      layer: kind,
      what: what,
      path: path,
      pid: Int32(clamping: pid),
      program: program,
      rule: rule,
      remedy: remedy,
      count: count
    )
  }
}
