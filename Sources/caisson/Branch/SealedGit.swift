import Foundation
import Glibc
import Policy
import Sandbox
import SystemPackage

/// Git over a tree that a run could write to: in a sandbox of its own, which sees that tree, the
/// objects it borrows, the system's programs, and nothing else. It has no network.
struct SealedGit {
  let home: Home
  let workspace: BranchWorkspace

  enum Mode: String { case look, commit }

  /// What is tried at most: a work tree that takes longer is refused, with the reason.
  private static let limits = Limits(
    wallSeconds: 1800,
    memoryBytes: 8 << 30,
    processes: 256,
    diskBytes: 64 << 30
  )

  /// Has the run's work taken in; what came out of it is checked and lies in the intake.
  ///
  /// Where its commits do not pass the checks, its work tree is taken as one commit.
  func harvest(_ mode: Mode) throws -> BranchIntake {
    do {
      return try harvest(mode, damage: "")
    } catch GitError.failed(let doing, let complaint) {
      return try harvest(mode, damage: "cannot \(doing): \(complaint)")
    } catch let error as SealedGitError where error.isGitsOwn {
      return try harvest(mode, damage: error.complaint)
    }
  }

  private func harvest(_ mode: Mode, damage: String) throws -> BranchIntake {
    try finishTaking()
    let scratch = try BranchScratch(for: workspace)
    try run(
      BranchHarvest.script,
      [
        workspace.record.root, scratch.inside, workspace.record.base.text, mode.rawValue, damage,
      ],
      scratch
    )
    return try BranchIntake(
      BranchHarvest(output: scratch.output, nested: scratch.nested),
      from: scratch.output,
      of: workspace,
      name: mode.rawValue,
      environment: ProcessInfo.processInfo.environment
    )
  }

  /// Moves the run's own branch, and its work tree, on to a merge that was given on already. All that
  /// lay in the tree is committed by then.
  func take(_ taking: BranchTaking) throws {
    try taking.write(in: workspace.directory)
    try finishTaking()
  }

  /// Brings to its end what was interrupted of that, before anybody looks at the tree.
  private func finishTaking() throws {
    guard let taking = try BranchTaking.read(in: workspace.directory) else { return }
    let scratch = try BranchScratch(for: workspace)
    _ = try taking.placePack(of: workspace, in: scratch.directory)
    try run(BranchTaking.script, [workspace.record.root, scratch.inside, taking.to.text], scratch)
    HostTree.flush(workspace.tree)
    try BranchTaking.remove(in: workspace.directory)
  }

  private func run(_ script: String, _ arguments: [String], _ scratch: BranchScratch) throws {
    let record = workspace.record
    let (inside, path) = (scratch.inside, scratch.output)
    let id = RunID(seconds: UInt64(time(nil)), random: UInt32.random(in: 0...UInt32.max))
    let host = HostFacts.probe()
    let identity = Confinement.identity(host, number: UInt32.random(in: 0...UInt32.max))
    let descriptors = try Descriptors(output: path)
    var relay = OutputRelay(none: ())
    let launcher = try Launcher(
      path: RunSession.ownPath("caisson-launch"),
      identity: identity,
      terminals: [],
      output: &relay,
      standard: descriptors.numbers
    )
    guard let root = HostTree.find(record.root, isSystem: false),
      let place = HostTree.find(scratch.directory, isSystem: false)
    else { throw GitError.unfit("\(record.root) is gone; put the repository back where it was") }
    var lookup = HostLookup()
    let reads = try Self.system(record.root, home).flatMap { grant -> [GrantedPath] in
      if !grant.isPrefix { return lookup.findSystem(grant.path).map { [$0] } ?? [] }
      let cut = grant.path.lastIndex(of: "/") ?? grant.path.startIndex
      let parent = String(grant.path[..<cut])
      let start = grant.path[grant.path.index(after: cut)...].utf8
      return lookup.names(in: parent).filter { $0.utf8.starts(with: start) }
        .compactMap { lookup.findSystem("\(parent)/\($0)") }
    }
    let groups = Cgroups.plan(for: id, limits: Self.limits)
    var hasRun = false
    defer { if !hasRun { groups.remove() } }
    var environment = BranchScratch.environment(record)
    environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    var request = ConfinementRequest(
      workspace: .init(path: root, mode: .branch, layer: workspace.directory),
      reads: reads,
      writes: [root],
      denied: [],
      limits: Self.limits,
      host: host,
      home: "/nonexistent",
      command: ["/bin/sh", "-c", script, "sh"] + arguments,
      environment: environment,
      directory: "/",
      identity: identity
    )
    request.placed = try workspace.grants()
    request.placed.append(PlacedPath(place, at: inside, isWritable: true))
    request.cgroups = groups.paths
    request.joinsCgroups = groups.areJoinedFromWithin
    request.hasProcessLimitElsewhere = groups.has(.pids)
    let supervisor = try RunSupervisor(
      plan: Confinement.plan(request),
      limits: Self.limits,
      groups: groups,
      layer: scratch.directory,
      hooks: RunSupervisor.Hooks(beforeStart: {}, denied: { _ in }, judge: { _, _, _ in nil }),
      output: relay,
      launcher: launcher
    )
    let outcome = try supervisor.run()
    hasRun = true
    guard case .exited(0) = outcome.end else {
      throw SealedGitError(run: record.run, outcome: outcome, complaint: descriptors.complaint())
    }
  }

  /// The system's programs and libraries, as every run has them.
  private static func system(_ root: String, _ home: Home) throws -> [PathGrant] {
    var document = try PolicySource.load("default")
    document.workspace = .branch
    let policy = try CompiledPolicy(
      document,
      PolicyVariables(workspace: root, home: nil, ownDirectories: [home.state.string])
    )
    return policy.read.filter(\.isOptional)
  }

  /// Standard input, output and error of the sealed git.
  private final class Descriptors {
    let numbers: [Int32]
    private let errors: String

    init(output: String) throws {
      errors = output + ".errors"
      let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
      numbers = [
        open("/dev/null", O_RDONLY | O_CLOEXEC), open(output, flags, 0o600),
        open(errors, flags, 0o600),
      ]
      guard numbers.allSatisfy({ $0 >= 0 }) else {
        throw GitError.system(doing: "write \(output)", number: errno)
      }
    }

    deinit {
      for number in numbers where number >= 0 { close(number) }
      unlink(errors)
    }

    /// The end of what git complained of.
    func complaint() -> String {
      let lines = (HostTree.text(errors) ?? "").split(separator: "\n").suffix(4)
      return String(lines.joined(separator: "; ").suffix(600))
    }
  }
}

/// The sandboxed git came to no good end.
struct SealedGitError: Error, CustomStringConvertible {
  let run: String
  let outcome: RunOutcome
  let complaint: String

  /// Whether git itself gave up, rather than the sandbox or a limit.
  var isGitsOwn: Bool {
    if case (nil, .exited) = (outcome.limit, outcome.end) { true } else { false }
  }

  var description: String {
    let reason: String
    switch (outcome.limit, outcome.end) {
    case (let limit?, _): reason = limit.detail
    case (nil, .failed(let error)): reason = "\(error)"
    case (nil, .exited(let code)): reason = "status \(code): \(complaint)"
    case (nil, .signalled(let signal)): reason = "signal \(signal)"
    }
    return "cannot look into the branch of run \(run): \(reason); its work is kept, "
      + "in runs/\(run)/tree of the state directory"
  }
}
