import Foundation
import Glibc
import SystemPackage
import Testing

/// The red-team suite against the built command. Each attack works unsealed, or says why it cannot
/// here, and is stopped sealed.
@Suite(.serialized) struct AttackTests {
  /// What one attack came to, as `caisson doctor --attack --json` says it.
  struct Report: Decodable {
    let name: String
    let control: String
    let sealed: String
    let audit: String
    let outcome: String
    let controlDetail: String
    let sealedDetail: String

    var isStopped: Bool { sealed == "stopped" || sealed == "contained" }
  }

  @Test(arguments: AttackList.all)
  func `an attack works unsealed and is stopped sealed`(attack: AttackList.Entry) async throws {
    try await withKnownIssue(isIntermittent: true) {
      let report = try #require(try await Self.run([attack.name]).first)
      #expect(report.control != "broken", "\(report.controlDetail)")
      #expect(
        report.outcome != "failed",
        "\(report.sealed), audit \(report.audit): \(report.sealedDetail)"
      )
    } when: {
      AttackList.open[attack.name] != nil
    }
  }

  // MARK: - Each layer alone

  @Test func `mounts alone hold what they are there for`() async throws {
    try await Self.expectHeld(by: "mounts", AttackList.names(layer: "mounts"))
  }

  @Test func `Landlock alone holds reading, writing and reopening files`() async throws {
    // Not in this list: what Landlock has no right for, such as times, modes and attributes.
    try await Self.expectHeld(
      by: "landlock",
      [
        "descriptor-reopen", "read-dotdot", "read-home-secrets", "read-proc-self-root",
        "read-symlink", "read-symlink-race", "readonly-create", "readonly-link", "readonly-open",
        "readonly-rename", "readonly-reopen", "readonly-truncate", "readonly-unlink",
        "system-write", "unix-abstract",
      ]
    )
  }

  @Test func `seccomp alone holds every call that it names, and reports it`() async throws {
    // Without mounts nothing covers the denied file, so there is nothing to uncover.
    let names = AttackList.names(layer: "seccomp").filter { $0 != "read-denied-uncover" }
    for report in try await Self.expectHeld(by: "seccomp", names) {
      // The filter answers before capabilities are asked for: the row shows that it was the filter.
      #expect(report.audit != "missing", "\(report.name)")
    }
  }

  @Test func `namespaces alone hold other processes, sockets and memory`() async throws {
    let calls = AttackList.names(layer: "seccomp").filter {
      $0.hasPrefix("unshare-") || $0.hasPrefix("clone")
    }
    try await Self.expectHeld(by: "namespaces", AttackList.names(layer: "namespaces") + calls)
  }

  @discardableResult
  static func expectHeld(by layer: String, _ names: [String]) async throws -> [Report] {
    let names = names.filter {
      AttackList.open[$0] == nil && (layer == "mounts" || !AttackList.neededMounts.contains($0))
    }
    let reports = try await run(names, layers: layer)
    #expect(reports.count == names.count)
    for report in reports where report.control != "impossible" {
      #expect(report.isStopped, "\(report.name): \(report.sealed): \(report.sealedDetail)")
    }
    return reports
  }

  static func run(_ names: [String], layers: String? = nil) async throws -> [Report] {
    try await withTemporaryDirectory { directory in
      // With the mounts off, a run that uid 0 started walks the host's tree as another user.
      for place in [directory, directory.appending("home")] {
        _ = mkdir(place.string, 0o755)
        chmod(place.string, 0o755)
      }
      var command = Command.caisson(
        "doctor",
        "--attack",
        "--json",
        home: directory.appending("home"),
        environment: layers.map { ["CAISSON_TEST_LAYERS": $0] } ?? [:]
      )
      command.arguments += names.flatMap { ["--only", $0] }
      let result = try await command.run()
      #expect(result.error == "")
      return try result.output.split(separator: "\n").map { line in
        try JSONDecoder().decode(Report.self, from: Data(line.utf8))
      }
    }
  }
}
