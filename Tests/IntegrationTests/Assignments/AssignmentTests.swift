import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// Work from a sentence to its end, by the built commands, with a scripted model behind the real
/// gateway.
@Suite(.serialized, .timeLimit(.minutes(5))) struct AssignmentTests {
  /// Answers for tasks that hold a word.
  static let script = """
    {"remove": [
      {"say": "I clean up.", "call": "bash", "with": {"command": "rm -rf build\\necho removed"}},
      {"call": "done", "with": {"summary": "cleaned"}}],
     "choose": [
      {"call": "ask", "with": {"question": "Which of the two?"}},
      {"call": "done", "with": {"summary": "asked"}}],
     "slow": [
      {"call": "bash", "with": {"command": "echo begin >> log; sleep 4; echo end >> log"}},
      {"call": "bash", "with": {"command": "cat log"}},
      {"call": "done", "with": {"summary": "slept"}}],
     "split": [
      {"call": "spawn", "with": {"tasks": ["remove one", "remove two"]}},
      {"call": "done", "with": {"summary": "all done"}}],
     "config": [
      {"call": "write", "with": {"path": "a.yml", "content": "x: 1\\ny: 2\\n"}},
      {"call": "done", "with": {"summary": "wrote"}}]}
    """

  static let asking = """
    version: 1
    approvals: [{ when: "command rm*", ask: always }, { when: "write *.yml", ask: session }]
    """

  @Test func `the example is repaired, shown, billed, applied and verified`() async throws {
    let file = Command.packageRoot.appending("Examples/repair/script.json").string
    let script = try String(contentsOfFile: file, encoding: .utf8)
    try await AssignmentPlace.with(script: script) { place in
      let result = try await place.caisson("assign", "make the tests pass", "--budget", "1.00")
      #expect(result.status == .exited(0), "\(result.error)")
      #expect(result.error.contains("a daemon was started in the background"))
      #expect(result.output.contains("The arguments of the recursive call are swapped."))
      #expect(result.output.contains("$ python3 -B -m unittest 2>&1 | tail -5"))
      #expect(result.output.contains("done: gcd called itself"))
      let shown = try await place.json("show", "last")
      let task = try #require(shown["assignment"] as? [String: Any])
      let id = try #require(task["id"] as? String)
      #expect(task["state"] as? String == "done" && task["budget"] as? Int == 1_000_000_000_000)
      #expect(result.output.contains("take: caisson apply \(id)"))
      #expect(place.text("gcd.py")?.contains("gcd(b, a % b)") == false)
      let diff = try await place.caisson("diff", id)
      #expect(diff.output.contains("+    return gcd(b, a % b)"))
      let bill = try await place.json("bill", id)
      let total = try #require(bill["total"] as? [String: Any])
      #expect(total["calls"] as? Int == 5)
      #expect(total["charged"] as? Int == task["spent"] as? Int)
      #expect(try await place.caisson("apply", id).status == .exited(0))
      #expect(place.text("gcd.py")?.contains("gcd(b, a % b)") == true)
      let log = try await place.caisson("logs", String(id.prefix(11)))
      #expect(log.output.contains("edit gcd.py"))
      #expect(try await place.caisson("audit", "--verify").status == .exited(0))
    }
  }

  @Test func `a question of the agent is answered, refused, or expires`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      let asked = try await place.caisson("assign", "choose")
      #expect(asked.status == .exited(3))
      #expect(asked.output.contains("Which of the two?"))
      let tasks = try await place.caisson("tasks")
      #expect(tasks.output.contains("asks you"))
      let yes = try await place.caisson("approve", "last", "--comment", "the blue one")
      #expect(yes.status == .exited(0) && yes.output.contains("approved"), "\(yes.error)")
      let log = try await place.caisson("logs", "-f", "last")
      #expect(log.output.contains("the blue one") && log.output.contains("done: asked"))
      let over = try await place.caisson("approve", "last")
      #expect(over.status == .exited(125) && over.error.contains("asks nothing"))

      #expect(try await place.caisson("assign", "choose again").status == .exited(3))
      #expect(try await place.caisson("deny", "last", "--comment", "neither").status == .exited(0))
      let refused = try await place.caisson("logs", "-f", "last")
      #expect(refused.output.contains("No: neither"))

      let expiring = try await place.caisson("assign", "choose soon", "--patience", "1s")
      #expect(expiring.status == .exited(3) && expiring.output.contains("expires in"))
      let expired = try await place.caisson("logs", "-f", "last")
      #expect(expired.output.contains("Nobody answered in time."))
    }
  }

  @Test func `what the policy wants seen is shown whole and bound to its answer`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      try place.write(Self.asking, to: "asking.yaml")
      let asked = try await place.caisson("assign", "remove it", "--policy", "asking.yaml")
      #expect(asked.status == .exited(3))
      #expect(asked.output.contains("    rm -rf build\n    echo removed\n"))
      #expect(asked.output.contains("the policy's rule: command rm*"))
      let wide = try await place.caisson("approve", "last", "--scope", "always")
      #expect(wide.status == .exited(125) && wide.error.contains("'once' at most"))
      #expect(try await place.caisson("approve", "last", "--happened").status == .exited(64))
      #expect(try await place.caisson("approve", "last").status == .exited(0))
      let log = try await place.caisson("logs", "-f", "last")
      #expect(log.output.contains("    removed\ndone: cleaned"))

      _ = try await place.caisson("assign", "remove it", "--policy", "asking.yaml")
      #expect(try await place.caisson("deny", "last", "--comment", "keep it").status == .exited(0))
      let refused = try await place.caisson("logs", "-f", "last")
      #expect(refused.output.contains("keep it") && !refused.output.contains("    removed"))

      let write = try await place.caisson("assign", "config", "--policy", "asking.yaml")
      #expect(write.output.contains("    +x: 1\n    +y: 2\n"))
      let session = try await place.caisson("approve", "last", "--scope", "session")
      #expect(session.output.contains("approved, session"))
      #expect(try await place.task { $0 == "done" } != nil)
    }
  }

  @Test func `children ask through their parent, and are billed with it`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      try place.write(Self.asking, to: "asking.yaml")
      let asked = try await place.caisson("assign", "split", "--policy", "asking.yaml")
      #expect(asked.status == .exited(3) && asked.output.contains("gives work to 2 agents"))
      var questions = try await place.questions(2)
      // What is stopped together goes on together, and asks anew.
      #expect(try await place.caisson("stop", "last").status == .exited(0))
      #expect(try await place.json("show", "last")["questions"] as? [String] == [])
      #expect(try await place.caisson("resume", "last").status == .exited(0))
      questions = try await place.questions(2)
      try #require(questions.count == 2)
      let several = try await place.caisson("approve", "last")
      #expect(several.status == .exited(125) && several.error.contains("asks 2 things"))
      for question in questions {
        #expect(try await place.caisson("approve", question).status == .exited(0))
      }
      let shown = try #require(try await place.task { $0 == "done" })
      let task = try #require(shown["assignment"] as? [String: Any])
      let children = try #require(shown["children"] as? [[String: Any]])
      #expect(children.count == 2)
      let bill = try await place.json("bill", task["id"] as? String ?? "")
      #expect((bill["total"] as? [String: Any])?["calls"] as? Int == 6)
      let table = try await place.caisson("tasks")
      #expect(table.output.contains("\n  \(children[0]["id"] as? String ?? "?")"))
    }
  }

  @Test func `what was stopped goes on when it is resumed, and asks anew`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      _ = try await place.caisson("assign", "choose")
      let stopped = try await place.caisson("stop", "last")
      #expect(stopped.output.contains("stopped"))
      #expect(try await place.caisson("resume", "last").status == .exited(0))
      let shown = try await place.task { $0 == "waiting" }
      #expect((shown?["questions"] as? [Any])?.count == 1)
      #expect(try await place.caisson("approve", "last", "--comment", "x").status == .exited(0))
      #expect(try await place.task { $0 == "done" } != nil)
      let done = try await place.caisson("resume", "last")
      #expect(done.status == .exited(125) && done.error.contains("is done"))
    }
  }

  @Test func `a command is ended by a stop, and is not repeated by a resume`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      let given = try await place.caisson("assign", "slow", "--detach")
      let id = given.output.trimmingCharacters(in: .newlines)
      try await begun(id, place)
      let stopped = try await place.caisson("stop", id)
      #expect(stopped.output.contains("asked to stop"))
      #expect(try await place.task(id) { $0 == "stopped" } != nil)
      #expect(try await place.caisson("resume", id).status == .exited(0))
      let log = try await place.caisson("logs", "-f", id)
      #expect(log.output.contains("    begin\ndone: slept"), "\(log.output)")
    }
  }

  /// Waits until its command is on record.
  private func begun(_ id: String, _ place: AssignmentPlace) async throws {
    for _ in 0..<400 {
      let steps = try await place.json("show", id)["steps"] as? [[String: Any]]
      if steps?.contains(where: { $0["kind"] as? String == "tool:bash" }) == true { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("it never began")
  }

  @Test func `a daemon that is killed loses nothing, and is not two`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      let given = try await place.caisson("assign", "slow", "--detach")
      let id = given.output.trimmingCharacters(in: .newlines)
      try await begun(id, place)
      let second = try await place.caisson("up")
      #expect(second.status == .exited(125) && second.error.contains("is up already"))
      kill(try await place.daemon(), SIGKILL)
      var down = try await place.caisson("tasks")
      // It may still be there for a moment, and hear who asks.
      for _ in 0..<40 where !down.error.contains("start it with") {
        try await Task.sleep(for: .milliseconds(50))
        down = try await place.caisson("tasks")
      }
      #expect(down.status == .exited(125) && down.error.contains("start it with: caisson up"))
      // Another one is started, and goes on.
      let other = try await place.caisson("assign", "config", "--detach")
      #expect(other.error.contains("a daemon was started"), "\(other.error)")
      let log = try await place.caisson("logs", "-f", id)
      #expect(log.output.contains("done: slept"), "\(log.output)")
      #expect(try await place.caisson("audit", "--verify").status == .exited(0))
      // The gateway was the first one's, and is ended with the second.
      let gateway = try #require(place.pid(in: "runtime/gateway.json"))
      #expect(try await place.caisson("up", "--stop").status == .exited(0))
      #expect(place.pid(in: "runtime/gateway.json") == nil)
      // Nobody may have waited for it yet.
      let stat = (try? String(contentsOfFile: "/proc/\(gateway)/stat", encoding: .utf8)) ?? ") Z"
      #expect(stat.contains(") Z"), "\(stat)")
    }
  }

  @Test(
    arguments: [
      (["approve", "last"], "begin\n    begin\n    end", "begun again, for the second time"),
      (["approve", "last", "--happened"], "begin", "It was done before a crash"),
      (["deny", "last"], "begin", "Interrupted: the machine or this program stopped"),
    ]
  )
  func `what became of a command that reached out is asked`(
    answer: [String],
    log: String,
    words: String
  ) async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      try place.write("version: 1\nnetwork: [{ host: api.example.com }]\n", to: "net.yaml")
      let given = try await place.caisson("assign", "slow", "--policy", "net.yaml", "--detach")
      let id = given.output.trimmingCharacters(in: .newlines)
      try await begun(id, place)
      let worker = try await place.json("show", id)["assignment"] as? [String: Any]
      let name = try #require(worker?["worker"] as? String)
      kill(pid_t(try #require(name.split(separator: " ").last.flatMap { Int32($0) })), SIGKILL)
      let asking = try #require(try await place.task(id) { $0 == "waiting" })
      let questions = try #require(asking["questions"] as? [[String: Any]])
      let action = try #require(questions[0]["action"] as? [String: Any])
      #expect(action["kind"] as? String == "fate")
      var command = Command.caisson(home: place.home, directory: place.workspace)
      command.arguments = answer
      #expect(try await command.run().status == .exited(0))
      let text = try await place.caisson("logs", "-f", id).output
      #expect(text.contains("$ cat log\n    \(log)\ndone: slept"), "\(text)")
      #expect(text.contains(words), "\(text)")
    }
  }

  @Test func `notices are sent to an address by a sealed run`() async throws {
    let server = """
      import http.server
      class Hook(http.server.BaseHTTPRequestHandler):
          def do_POST(self):
              print(self.path, self.rfile.read(int(self.headers["content-length"])).decode(), flush=True)
              self.send_response(204)
              self.end_headers()
          def log_message(self, *arguments): pass
      hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
      print(hook.server_port, flush=True)
      hook.serve_forever()
      """
    try await AssignmentPlace.with(script: Self.script) { place in
      try await Command.named("python3", "-c", server).run { _, lines in
        var iterator = lines.makeAsyncIterator()
        let port = try #require(try await iterator.next()).trimmingCharacters(in: .newlines)
        let up = Command.caisson(
          "up",
          "--webhook",
          "http://127.0.0.1:\(port)/secret?x=1",
          home: place.home
        )
        try await up.run { _, _ in
          try await place.isUp()
          _ = try await place.caisson("assign", "config", "--detach")
          let heard = try #require(try await iterator.next())
          #expect(heard.hasPrefix("/secret?x=1 {"))
          #expect(heard.contains(#""kind":"done""#) && heard.contains(#""summary":"wrote""#))
          // An address may be a secret: it is not among what a list of processes shows.
          let runs = try await place.caisson("runs")
          #expect(runs.output.contains("curl --config -") && !runs.output.contains("secret"))
          _ = try await place.caisson("up", "--stop")
        }
      }
    }
  }

  @Test func `later and again are kept on a list`() async throws {
    try await AssignmentPlace.with(script: Self.script) { place in
      let later = try await place.caisson("assign", "config", "--at", "1h")
      #expect(later.status == .exited(0) && later.error.contains("it begins at"))
      let again = try await place.caisson("assign", "config", "--every", "24h", "--at", "2h")
      #expect(again.output.contains("schedule "), "\(again.error)")
      let list = try await place.caisson("tasks", "--schedules")
      #expect(list.output.contains("24 h 0 min"))
      #expect(try await place.caisson("tasks", "--remove-schedule", "last").status == .exited(0))
      #expect(try await place.caisson("tasks", "--schedules", "--json").output == "[]\n")
      #expect(try await place.json("show", "last")["assignment"] != nil)
    }
  }
}
