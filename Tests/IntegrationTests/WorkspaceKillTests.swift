import Foundation
import Glibc
import SystemPackage
import Testing

/// `kill -9` at random moments of apply and undo: afterwards the tree is one of its two states.
///
/// The short version runs with every test. `Benchmarks/apply-kill/run` asks for the long one, by
/// `CAISSON_KILLS` and `CAISSON_KILL_FILES`.
@Suite(.serialized) struct WorkspaceKillTests {
  private static let kills = Self.number("CAISSON_KILLS", else: 20)
  private static let files = Self.number("CAISSON_KILL_FILES", else: 400)

  private static func number(_ name: String, else fallback: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
  }

  /// Content, permissions, times and link targets of a whole tree.
  private func listing(_ directory: FilePath) async throws -> String {
    let script = """
      find . -printf '%P %y %m %T@ %s %l\\n' | LC_ALL=C sort
      find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      """
    return try await Command.named("sh", "-c", script, directory: directory).run().output
  }

  private static let setUp = """
    for d in $(seq 0 49); do
      mkdir -p "t/$d/empty"
      for f in $(seq 1 $(($1 / 50))); do echo "content $d $f" > "t/$d/$f"; done
      ln -s "$d/1" "t/link$d"
    done
    """

  private static let work = """
    for d in $(seq 0 49); do
      if [ $((d % 10)) = 9 ]; then rm -r "t/$d"; echo file > "t/$d"; continue; fi
      if [ $((d % 10)) = 8 ]; then rm -r "t/$d"; continue; fi
      for f in $(seq 1 $(($1 / 50))); do
        case $((f % 5)) in
          0) echo more >> "t/$d/$f" ;;
          1) rm "t/$d/$f" ;;
          2) chmod 600 "t/$d/$f" ;;
          3) mkdir -p "t/$d/new/$f"; echo "new $d $f" > "t/$d/new/$f/file" ;;
        esac
      done
      rm "t/link$d"; ln -s elsewhere "t/link$d"; rmdir "t/$d/empty"; chmod 555 "t/$d/new"
    done
    """

  @Test(arguments: ["/tmp", "/dev/shm"])
  func `a killed apply or undo leaves one of two states`(place: String) async throws {
    let base = FilePath(place).appending("caisson-kill-\(UUID().uuidString)")
    let home = FilePath("/tmp").appending("caisson-kill-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: base.string,
      withIntermediateDirectories: false
    )
    do {
      try await kill(home: home, workspace: base)
    } catch {
      Issue.record(error)
    }
    for path in [base, home] {
      _ = try await Command.named("sh", "-c", "chmod -R u+rwx '\(path)'; rm -rf '\(path)'").run()
    }
  }

  private func kill(home: FilePath, workspace: FilePath) async throws {
    let count = "\(Self.files)"
    let made = try await Command.named("sh", "-c", Self.setUp, "sh", count, directory: workspace)
      .run()
    try #require(made.status == .exited(0), "\(made.error)")
    let run = try await Command.caisson(
      "run",
      "--quiet",
      "--",
      "sh",
      "-c",
      Self.work,
      "sh",
      count,
      home: home,
      directory: workspace
    ).run()
    try #require(run.status == .exited(0), "\(run.error)")

    let before = try await listing(workspace)
    var seconds: [String: Double] = [:]
    func caisson(_ verb: String, _ more: String...) async throws {
      let start = ContinuousClock.now
      var command = Command.caisson(verb, "last", home: home)
      command.arguments += more
      let result = try await command.run()
      try #require(result.status == .exited(0), "\(verb): \(result.error)")
      let time = ContinuousClock.now - start
      seconds[verb] = max(
        seconds[verb] ?? 0,
        Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
      )
    }
    try await caisson("apply")
    let after = try await listing(workspace)
    try #require(before != after)
    try await caisson("undo")
    try #require(try await listing(workspace) == before, "undo does not restore")

    var isApplied = false
    var outcomes = ["finished": 0, "taken back": 0, "not begun or done": 0]
    for round in 1...Self.kills {
      let verb = isApplied ? "undo" : "apply"
      // Every second kill is aimed at the commit, which is short beside what leads up to it.
      let aimsAtCommit = round.isMultiple(of: 2)
      let time = (seconds[verb] ?? 1) * (aimsAtCommit ? 0.3 : 1.2)
      let delay = Double.random(in: 0...time)
      _ = try await Command.caisson(verb, "last", home: home).run { pid, _ in
        if aimsAtCommit { try await Self.waitForPlan(verb, home, pid) }
        try await Task.sleep(for: .seconds(delay))
      }
      let recovery = try await Command.caisson("apply", "last", "--recover", home: home).run()
      try #require(recovery.status == .exited(0), "\(recovery.error)")
      let found = try await listing(workspace)
      let moment = "round \(round): \(verb) killed after \(delay) s; \(recovery.error)"
      guard found == before || found == after else {
        Issue.record("\(moment)\n\(difference(after, found))\n---\n\(difference(before, found))")
        return
      }
      isApplied = found == after
      let word = ["finished", "took back"].first { recovery.error.contains($0 + " the") }
      outcomes[
        word == "finished" ? "finished" : word == nil ? "not begun or done" : "taken back"
      ]? += 1
    }
    print("\(Self.kills) kills in \(workspace.removingLastComponent()): \(outcomes)")
    if isApplied { try await caisson("undo") }
    #expect(try await listing(workspace) == before)
    let left = try await Command.named("ls", "-A", directory: workspace).run().output
    #expect(left == "t\n")
  }

  /// Waits until the plan of an apply or undo is on disk, or its process has ended.
  private static func waitForPlan(_ verb: String, _ home: FilePath, _ pid: pid_t) async throws {
    let name = verb == "undo" ? "undo-plan" : "plan"
    let runs = home.appending("runs").string
    while Glibc.kill(pid, 0) == 0, !hasEnded(pid) {
      for run in try FileManager.default.contentsOfDirectory(atPath: runs) {
        let state = "\(runs)/\(run)/apply"
        let generations = (try? FileManager.default.contentsOfDirectory(atPath: state)) ?? []
        for generation in generations
        where FileManager.default.fileExists(atPath: "\(state)/\(generation)/\(name)") { return }
      }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  /// Whether a process is dead and only waits to be reaped.
  private static func hasEnded(_ pid: pid_t) -> Bool {
    let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    return status?.split(separator: ")").last?.hasPrefix(" Z") ?? true
  }

  private func difference(_ expected: String, _ found: String) -> String {
    let (wanted, have) = (expected.split(separator: "\n"), found.split(separator: "\n"))
    let changes = have.difference(from: wanted)
    return changes.prefix(20).map { "\($0)" }.joined(separator: "\n")
  }
}
