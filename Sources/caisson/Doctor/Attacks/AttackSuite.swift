import Foundation
import Glibc
import Journal
import Sandbox
import SystemPackage

/// `caisson doctor --attack`: runs each attack unsealed, which must work, and sealed by this very
/// program, which must hold.
struct AttackSuite {
  private let attacker: String
  private let caisson: String
  private let base: FilePath

  /// Runs the attacks, all or those named, and calls `report` after each one.
  static func run(
    home: Home,
    only names: [String] = [],
    report: (AttackReport) -> Void
  ) throws -> [AttackReport] {
    let own = FilePath(HostTree.link("/proc/self/exe") ?? CommandLine.arguments[0])
    let suite = AttackSuite(
      attacker: own.removingLastComponent().appending("caisson-attack").string,
      caisson: own.string,
      base: home.state.appending("attack-\(getpid())")
    )
    return try suite.run(names, report)
  }

  private func run(_ names: [String], _ report: (AttackReport) -> Void) throws -> [AttackReport] {
    guard access(attacker, X_OK) == 0 else { throw AttackSuiteError.noProgram(attacker) }
    guard mkdir(base.string, 0o755) == 0, mkdir(base.appending("home").string, 0o700) == 0 else {
      throw AttackSuiteError.cannotPrepare(base.string, "mkdir failed")
    }
    defer { try? FileManager.default.removeItem(atPath: base.string) }
    let all = try attacks()
    if let unknown = names.first(where: { name in !all.contains { $0.name == name } }) {
      throw AttackSuiteError.unknown(unknown)
    }
    return try all.filter { names.isEmpty || names.contains($0.name) }.map { attack in
      let result = try one(attack)
      report(result)
      return result
    }
  }

  private func attacks() throws -> [Attack] {
    let list = try start([attacker, "--list"]).output
    return try list.split(separator: "\n").map { line in
      do {
        return try JSONDecoder().decode(Attack.self, from: Data(line.utf8))
      } catch {
        throw AttackSuiteError.unreadableList(line.prefix(80).description)
      }
    }
  }

  // MARK: - One attack

  private func one(_ attack: Attack) throws -> AttackReport {
    let begin = ContinuousClock.now
    let free = try inFixture(attack, "control") { fixture in
      let run = try staged(
        attack,
        fixture,
        [
          fixture.appending("workspace/.attack").string, "run", "--control", attack.name,
        ]
      )
      return (run, try verify(attack, fixture), Set<String>())
    }
    let sealed = try inFixture(attack, "sealed") { fixture in
      let run = try staged(
        attack,
        fixture,
        [
          caisson, "run", "--quiet", "--policy", fixture.appending("policy.yaml").string,
          "--in", fixture.appending("workspace").string,
        ] + (attack.isTraced ? ["--trace-denials", "--"] : ["--"]) + [
          fixture.appending("workspace/.attack").string, "run", attack.name,
        ]
      )
      let denials = try self.denials()
      if attack.isApplied { try apply(attack, fixture) }
      return (run, try verify(attack, fixture), denials)
    }
    let verdict = AttackVerdict(
      control: AttackVerdict.control(attack, run: free.0.status, harm: free.1?.status),
      sealed: AttackVerdict.sealed(attack, run: sealed.0.status, harm: sealed.1?.status),
      audit: AttackVerdict.audit(attack, denials: sealed.2)
    )
    return AttackReport(
      name: attack.name,
      family: attack.family,
      title: attack.title,
      layer: attack.layer,
      control: verdict.control,
      sealed: verdict.sealed,
      audit: verdict.audit,
      outcome: verdict.outcome,
      controlDetail: Self.detail(free.0, free.1),
      sealedDetail: Self.detail(sealed.0, sealed.1),
      seconds: (ContinuousClock.now - begin) / .seconds(1)
    )
  }

  /// A fresh fixture for `body`, whose helpers end and whose files go when it returns.
  private func inFixture<Value>(
    _ attack: Attack,
    _ kind: String,
    _ body: (FilePath) throws -> Value
  ) throws -> Value {
    let fixture = base.appending("\(attack.name)-\(kind)")
    defer {
      _ = try? start([attacker, "clean", fixture.string])
      try? FileManager.default.removeItem(atPath: fixture.string)
    }
    let prepared = try start([attacker, "prepare", attack.name, fixture.string])
    guard prepared.status == 0 else {
      throw AttackSuiteError.cannotPrepare(attack.name, prepared.output)
    }
    return try body(fixture)
  }

  private func staged(
    _ attack: Attack,
    _ fixture: FilePath,
    _ command: [String],
    outputTo file: FilePath? = nil
  ) throws -> AttackProcess.Result {
    try start([attacker, "stage", attack.name, fixture.string, "--"] + command, outputTo: file)
  }

  private func verify(_ attack: Attack, _ fixture: FilePath) throws -> AttackProcess.Result? {
    guard attack.verifies else { return nil }
    return try start([attacker, "verify", attack.name, fixture.string])
  }

  /// Takes the changes as a person would who consents to nothing that is held, and leaves what was
  /// shown on the way for `verify` to look at.
  private func apply(_ attack: Attack, _ fixture: FilePath) throws {
    let facts = fixture.appending("facts")
    for command in ["diff", "apply"] {
      let result = try staged(
        attack,
        fixture,
        [caisson, command, "last"],
        outputTo: facts.appending("\(command).out")
      )
      if command == "apply", !result.timedOut {
        _ = FileManager.default.createFile(
          atPath: facts.appending("applied").string,
          contents: nil
        )
      }
    }
  }

  /// What the journal says was denied in the run just ended.
  private func denials() throws -> Set<String> {
    guard let journal = try Journal.openExisting(directory: base.appending("home")),
      let run = try? journal.resolve("last")
    else { return [] }
    let rows = try journal.rows(run: run, after: 0, limit: 2000)
    return Set(
      rows.compactMap { row in
        switch row.event {
        case .denial(let denial): denial.what
        case .network(let event) where event.verdict == .denied: Self.place(of: event.rule)
        default: nil
        }
      }
    )
  }

  /// A rule without the line and the clause that were in force.
  private static func place(of rule: String) -> String {
    guard rule.hasPrefix("network: "), let end = rule.range(of: " (line ") else { return rule }
    return String(rule[..<end.lowerBound])
  }

  private func start(
    _ arguments: [String],
    outputTo file: FilePath? = nil
  ) throws -> AttackProcess.Result {
    var environment = ProcessInfo.processInfo.environment
    environment["CAISSON_HOME"] = base.appending("home").string
    environment["NO_COLOR"] = "1"
    let process = AttackProcess(arguments: arguments, environment: environment, patience: 60)
    return try process.run(outputTo: file ?? base.appending("output"))
  }

  private static func detail(
    _ run: AttackProcess.Result,
    _ harm: AttackProcess.Result?
  ) -> String {
    let status = run.timedOut ? "did not end in time" : "status \(run.status)"
    return ([status, run.output] + (harm.map { [$0.output] } ?? []))
      .map { $0.split(separator: "\n").joined(separator: " | ") }
      .filter { !$0.isEmpty }.joined(separator: "; ")
  }
}
