import ExecWire
import Foundation
import Glibc
import Sandbox
import SystemPackage
import Testing

/// A run that several sessions work on, one after the other.
@Suite(.timeLimit(.minutes(8))) struct SessionContinuationTests {
  /// Another one for each test: groups of runs lie in one place, wherever the state does.
  private let run = RunID(seconds: UInt64(time(nil)), random: .random(in: 0...(.max))).text

  @Test func `what one session wrote, the next one finds`() async throws {
    try await SessionPlace.with { place in
      try await place.session(run) { session in
        _ = try await session.output("echo one > f; mkdir d")
      }
      let found = try await place.session(run) { try await $0.output("cat f; ls; echo two >> f") }
      #expect(found == "one\nd\nf\n")
      #expect(place.text("f") == nil)
      let audit = try await place.caisson("audit", run).output
      #expect(audit.contains("started") && audit.contains("goes on: started"))
      #expect(try await place.caisson("audit", "--verify").status == .exited(0))
    }
  }

  @Test func `a session that changed nothing can be continued`() async throws {
    try await SessionPlace.with { place in
      try await place.session(run) { _ in }
      let file = try await place.session(run) { session in
        try await session.output("ls -A; echo late > f; cat f")
      }
      #expect(file == "late\n")
      let diff = try await place.caisson("diff", run, "--name-only")
      #expect(diff.output == "f\n")
    }
  }

  @Test func `a killed supervisor loses nothing, fifty times`() async throws {
    try await SessionPlace.with { place in
      for round in 1...50 {
        let session = try await place.open(run)
        let lines = try await session.output("touch f; wc -l < f")
        #expect(lines == "\(round - 1)\n")
        _ = try await session.output("echo \(round) >> f")
        kill(session.processID, SIGKILL)
        guard case .died = await session.ended() else {
          Issue.record("the session did not die")
          return
        }
      }
      let rows = try await place.caisson("audit", run).output
      #expect(rows.split(separator: "\n").count { $0.contains("goes on") } == 49)
      let diff = try await place.caisson("diff", run, "--stat")
      #expect(diff.output.contains("f"), "\(diff)")
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(place.text("f")?.split(separator: "\n").count == 50)
    }
  }

  @Test func `the supervisor, the launcher and the way in may all be killed at once`() async throws
  {
    try await SessionPlace.with { place in
      for round in 1...10 {
        let session = try await place.open(run)
        _ = try await session.output("sleep 1000 & echo \(round) >> f")
        let path = "/proc/\(session.processID)/task/\(session.processID)/children"
        kill(session.processID, SIGSTOP)
        for child in try String(contentsOfFile: path, encoding: .utf8).split(separator: " ") {
          kill(try #require(pid_t(child)), SIGKILL)
        }
        kill(session.processID, SIGKILL)
        _ = await session.ended()
      }
      let lines = try await place.session(run) { try await $0.output("wc -l < f") }
      #expect(lines == "10\n")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a session that is killed at any moment of its start can be started again`(
    seed: UInt64
  ) async throws {
    var random = SplitMix(seed: seed)
    try await SessionPlace.with { place in
      for _ in 1...15 {
        var sealed = Command.caisson(home: place.home, directory: place.workspace)
        sealed.arguments = ["run", "--session", "--run-id", run]
        let moment = random.below(80)
        // Its input ends at once: it is on its way to its end, too.
        try await sealed.run { _, _ in try await Task.sleep(for: .milliseconds(moment)) }
      }
      try await place.session(run) { _ = try await $0.output("echo one > f") }
      for _ in 1...5 {
        var sealed = Command.caisson(home: place.home, directory: place.workspace)
        sealed.arguments = ["run", "--session", "--run-id", run]
        let moment = random.below(80)
        try await sealed.run { _, _ in try await Task.sleep(for: .milliseconds(moment)) }
      }
      #expect(try await place.session(run) { try await $0.output("cat f") } == "one\n")
      #expect(try await place.caisson("audit", "--verify").status == .exited(0))
    }
  }

  @Test func `a run that has a name is not begun where a link leads`() async throws {
    try await SessionPlace.with { place in
      let link = place.home.removingLastComponent().appending("link")
      try FileManager.default.createSymbolicLink(
        atPath: link.string,
        withDestinationPath: place.workspace.string
      )
      do {
        let session = try await place.open(run, "--in", link.string)
        await session.close()
        Issue.record("a session was opened")
      } catch let error as SessionError {
        #expect("\(error)".contains("\(link) leads to \(place.workspace)"), "\(error)")
      }
      try await place.session(run) { _ = try await $0.output("true") }
    }
  }

  @Test func `two sessions of one run do not live at once`() async throws {
    try await SessionPlace.with { place in
      let first = try await place.open(run)
      do {
        let second = try await place.open(run)
        await second.close()
        Issue.record("a second session was opened")
      } catch let error as SessionError {
        #expect("\(error)".contains("is at work in another session"), "\(error)")
      }
      #expect(try await first.output("echo still") == "still\n")
      await first.close()
      try await place.session(run) { session in _ = try await session.output("true") }
    }
  }

  @Test func `sessions that race for one run are served one at a time`() async throws {
    try await SessionPlace.with { place in
      try await place.session(run) { _ = try await $0.output("echo 0 > f") }
      let served = await withTaskGroup(of: Bool.self) { group in
        for _ in 1...4 {
          group.addTask {
            (try? await place.session(run) { session in
              // Whoever is alone finds what it wrote.
              try await session.output("n=$(cat f); sleep 0.2; echo $((n + 1)) > f")
            }) != nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(served >= 1)
      let count = try await place.session(run) { try await $0.output("cat f") }
      #expect(count == "\(served)\n")
    }
  }

  @Test func `another workspace, another mode or a strange name is refused`() async throws {
    try await SessionPlace.with { place in
      try await place.session(run) { _ in }
      func refusal(_ options: String...) async -> String {
        do {
          var session: SealedSession?
          if options.count == 2 {
            session = try await place.open(run, options[0], options[1])
          } else {
            session = try await place.open(options[0])
          }
          await session?.close()
          return "none"
        } catch {
          return "\(error)"
        }
      }
      let other = place.workspace.appending("other").string
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
      let elsewhere = await refusal("--in", other)
      #expect(elsewhere.contains("works on \(place.workspace), not on \(other)"), "\(elsewhere)")
      #expect(await refusal("--workspace", "none").contains("not on /"))
      #expect(await refusal("--workspace", "direct").contains("as overlay, not as direct"))
      #expect(await refusal("NOT-A-NAME").contains("twelve"))
      _ = try await place.caisson("discard", run)
      #expect(await refusal("--quiet", "--quiet").contains("discarded"))
    }
  }

  @Test func `diff and apply work between sessions, and apply waits for none`() async throws {
    try await SessionPlace.with { place in
      try await place.session(run) { session in
        _ = try await session.output("echo one > f; echo one > g; echo one > h")
        let refused = try await place.caisson("apply", run)
        #expect(refused.status != .exited(0) && refused.error.contains("at work"), "\(refused)")
      }
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(place.text("f") == "one\n" && place.text("g") == "one\n")
      #expect(try await place.caisson("diff", run, "--name-only").output == "")

      // What was applied and is changed again is offered again, and nothing else.
      try await place.session(run) { session in
        _ = try await session.output("echo two > f; rm g; echo new > i")
      }
      #expect(try await place.caisson("diff", run, "--name-only").output == "f\ng\ni\n")
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(place.text("f") == "two\n" && place.text("g") == nil && place.text("i") == "new\n")
      #expect(place.text("h") == "one\n")
      #expect(try await place.caisson("diff", run, "--name-only").output == "")

      // An edit of the person's own is not overwritten.
      try await place.session(run) { _ = try await $0.output("echo three > f; echo back > g") }
      try "mine\n".write(
        toFile: place.workspace.appending("f").string,
        atomically: false,
        encoding: .utf8
      )
      #expect(try await place.caisson("apply", run).status != .exited(0))
      #expect(place.text("f") == "mine\n" && place.text("g") == nil)
      #expect(try await place.caisson("apply", run, "g").status == .exited(0))
      #expect(place.text("g") == "back\n")
    }
  }

  @Test func `what waits after an apply is found without its name, and an undone one waits again`()
    async throws
  {
    try await SessionPlace.with { place in
      // What a killed session had half written is nobody's change.
      try await place.session(run) {
        _ = try await $0.output("echo 1 > f; echo > .caisson-write-1")
      }
      #expect(try await place.caisson("diff", "--name-only").output == "f\n")
      #expect(try await place.caisson("apply").status == .exited(0))
      try await place.session(run) { _ = try await $0.output("echo 2 > g") }
      #expect(try await place.caisson("diff", "--name-only").output == "g\n")
      #expect(try await place.caisson("apply").status == .exited(0))
      try await place.session(run) { _ in }
      #expect(try await place.caisson("diff", run, "--name-only").output == "")
      #expect(try await place.caisson("undo", run).status == .exited(0))
      #expect(try await place.caisson("diff", run, "--name-only").output == "f\ng\n")
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(place.text("f") == "1\n" && place.text("g") == "2\n")
    }
  }

  @Test func `each apply of a continued run is undone by itself`() async throws {
    try await SessionPlace.with { place in
      for text in ["one", "two", "three"] {
        try await place.session(run) { _ = try await $0.output("echo \(text) > f") }
        #expect(try await place.caisson("apply", run).status == .exited(0))
        #expect(place.text("f") == text + "\n")
      }
      let undone = try await place.caisson("undo", run)
      #expect(undone.status == .exited(0), "\(undone)")
      #expect(place.text("f") == nil)
      // What was taken back can be applied again, as the layer has it now.
      #expect(try await place.caisson("apply", run).status == .exited(0))
      #expect(place.text("f") == "three\n")
    }
  }

  @Test(arguments: ["echo one > f", "true"])
  func `a run that was none of a session's can be gone on with`(script: String) async throws {
    try await SessionPlace.with { place in
      _ = try await place.caisson("run", "--quiet", "--", "sh", "-c", script)
      let runs = try FileManager.default.contentsOfDirectory(
        atPath: place.home.appending("runs").string
      )
      let name = try #require(runs.first)
      let text = try await place.session(name) {
        try await $0.output("touch f; cat f; echo two >> f")
      }
      let before = script == "true" ? "" : "one\n"
      #expect(text == before)
      #expect(try await place.caisson("apply", name).status == .exited(0))
      #expect(place.text("f") == before + "two\n")
    }
  }

  @Test(arguments: ["direct", "none"])
  func `sessions without a layer are continued, too`(mode: String) async throws {
    try await SessionPlace.with { place in
      for round in 1...2 {
        let session = try await place.open(run, "--workspace", mode)
        let text = try await session.output("echo \(round) >> f; cat f")
        #expect(text == (mode == "direct" && round == 2 ? "1\n2\n" : "\(round)\n"))
        await session.close()
      }
      #expect(place.text("f") == (mode == "direct" ? "1\n2\n" : nil))
    }
  }
}
