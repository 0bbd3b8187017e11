import Agent
import Foundation
import Glibc
import Journal
import Testing

/// `caisson mcp serve` before the client of the package `mcp`; the model's answers are scripted.
@Suite(
  .takesTurns,
  .enabled(
    if: ToolServerTests.hasServers,
    "the client from PyPI is not there; ./test gets it"
  )
)
struct MCPServeTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let python = "\(root)/.build-clients/mcp/bin/python"

  private struct Host {
    let conversation: Conversation

    init(
      _ household: Household,
      _ arguments: [String] = [],
      mode: String = "auto",
      in directory: String? = nil
    ) async throws {
      conversation = try Conversation(
        MCPServeTests.python,
        ["\(MCPServeTests.root)/Tests/DelegationTests/Hosts/host.py", mode, Household.program]
          + ["mcp", "serve"] + arguments,
        environment: household.environment,
        in: directory ?? household.project
      )
      #expect(try await conversation.hear()["server"] as? String == "caisson")
    }

    struct Answer {
      let text: String
      let failed: Bool
      let structured: [String: Any]
      let progress: [Double]

      subscript(_ key: String) -> String { structured[key] as? String ?? "" }
    }

    func call(_ name: String, _ arguments: [String: Any] = [:]) async throws -> Answer {
      let said = try await conversation.ask(["call": name, "with": arguments])
      return Answer(
        text: said["text"] as? String ?? "",
        failed: said["failed"] as? Bool ?? true,
        structured: said["structured"] as? [String: Any] ?? [:],
        progress: said["progress"] as? [Double] ?? []
      )
    }

    /// Waits until it is over or asks.
    func end(of id: String) async throws -> Answer {
      for _ in 0..<20 {
        let answer = try await call("wait", ["id": id, "seconds": 10])
        if answer.failed || answer.structured["isOver"] as? Bool == true { return answer }
        if answer.structured["asks"] as? Bool == true { return answer }
      }
      throw Household.Failure(description: "\(id) did not end")
    }
  }

  private static let script =
    (try? String(contentsOf: Household.example.appending(path: "script.json"), encoding: .utf8))
    ?? ""

  @Test(.timeLimit(.minutes(10)), arguments: ["auto", "legacy"])
  func `a host gives work, waits for it, sees what it changed, and what it cost`(
    mode: String
  ) async throws {
    try await Household.with(Self.script, delay: 0.3) { household in
      let host = try await Host(household, ["--allow-apply"], mode: mode)
      let offered = try await host.conversation.ask(["list": true])
      #expect(
        offered["tools"] as? [String] == [
          "assign", "wait", "tasks", "show", "logs", "questions", "diff", "bill", "stop", "resume",
          "apply",
        ]
      )
      let reading = ["wait", "tasks", "show", "logs", "questions", "diff", "bill"]
      #expect(offered["reads"] as? [String] == reading)
      let task = ["task": "Repair what the tests say is broken.", "key": "one", "budget": "0.50"]
      let given = try await host.call("assign", task)
      #expect(!given.failed, "\(given.text)")
      #expect(given["budget"] == "0.50 USD" && given["directory"] == household.project)
      let id = given["id"]
      // The same call once more is the same assignment; other work under its key is none.
      #expect(try await host.call("assign", task)["id"] == id)
      let other = try await host.call("assign", ["task": "Something else.", "key": "one"])
      #expect(other.failed && other.text.contains("the key was used for other work"))

      let waited = try await host.call("wait", ["id": id, "seconds": 30])
      #expect(!waited.progress.isEmpty && waited.progress.sorted() == waited.progress)
      let ended = try await host.end(of: id)
      #expect(ended["state"] == "done", "\(ended.text)")
      #expect(ended["reason"].contains("all three tests pass"))

      // A page at a time, and no step twice.
      var (after, log, pages) = (0, "", 0)
      while pages < 20 {
        let page = try await host.call("logs", ["id": id, "after": after])
        #expect(!page.failed, "\(page.text)")
        log += page["text"]
        pages += 1
        let next = page.structured["next"] as? Int ?? 0
        if next == after { break }
        after = next
      }
      #expect(log.contains("gcd.py") && log.contains("all three tests pass"), "\(log)")
      #expect(log.components(separatedBy: "all three tests pass").count == 2)

      let difference = try await host.call("diff", ["id": id])
      #expect(difference["diff"].contains("+    return gcd(b, a % b)"), "\(difference.text)")
      let some = try await host.call("diff", ["id": id, "paths": ["gcd.py"]])
      #expect(some["digest"] == difference["digest"])
      #expect(try await host.call("diff", ["id": id, "paths": ["../home"]]).failed)
      let bill = try await host.call("bill", ["id": id])
      #expect(bill.text.contains("scripted") && bill["spent"].hasSuffix(" USD"), "\(bill.text)")
      let tasks = try await host.call("tasks")
      #expect((tasks.structured["assignments"] as? [Any])?.count == 1)
      #expect(try await host.call("show", ["id": id]).text.contains("done"))

      // Nothing is taken but exactly what was shown.
      let wrong = try await host.call(
        "apply",
        ["id": id, "digest": "00000000000000000000000000000000"]
      )
      #expect(wrong.failed, "\(wrong.text)")
      let before = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(!before.contains("gcd(b, a % b)"))
      let taken = try await host.call("apply", ["id": id, "digest": difference["digest"]])
      #expect(!taken.failed, "\(taken.text)")
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("gcd(b, a % b)"))
      host.conversation.hangUp()
      #expect(host.conversation.wait() == 0, "\(host.conversation.complaints)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a host sees what is asked, and has no way to answer it`() async throws {
    let script = """
      [{"call":"ask","with":{"question":"Which of the two?"}},
       {"call":"done","with":{"summary":"as you said"}}]
      """
    try await Household.with(script) { household in
      let host = try await Host(household)
      let tools = try await host.conversation.ask(["list": true])["tools"] as? [String] ?? []
      #expect(tools.contains("questions") && !tools.contains("apply"))
      #expect(!tools.contains { $0.contains("approve") || $0.contains("answer") })
      let id = try await host.call("assign", ["task": "Ask me."])["id"]
      let waiting = try await host.end(of: id)
      #expect(waiting.structured["asks"] as? Bool == true, "\(waiting.text)")
      let asked = try await host.call("questions")
      #expect(asked.text.contains("Which of the two?") && asked.text.contains("caisson approve"))
      for name in ["approve", "answer", "deny", "apply"] {
        let said = try await host.conversation.ask(["call": name, "with": ["id": id]])
        #expect(said["code"] as? Int == -32602, "\(said)")
      }
      let answered = try household.run("approve", id, "--comment", "The second.")
      #expect(answered.status == 0, "\(answered)")
      #expect(try await host.end(of: id)["state"] == "done")
      #expect(try await host.call("questions").text == "Nothing is asked.")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what lies outside, costs too much or is of the wrong kind is refused, and nothing begun`()
    async throws
  {
    try await Household.with("[]") { household in
      let place = URL(filePath: household.home).deletingLastPathComponent().path
      let outside = place + "/project-outside"
      try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: household.project + "/way-out",
        withDestinationPath: outside
      )
      let host = try await Host(
        household,
        ["--budget", "0.10", "--in", household.project],
        in: place
      )
      let outsiders = [
        "..", "../project-outside", "way-out", outside, "/", "\(household.project)/../home",
        "/proc/self/cwd", "nothing", "", "gcd.py", "a\u{0}b",
        String(repeating: "x/", count: 3_000),
      ]
      for directory in outsiders {
        let said = try await host.call("assign", ["task": "x", "directory": directory])
        #expect(said.failed, "\(directory.prefix(50))")
      }
      let wrong: [[String: Any]] = [
        [:], ["task": ""], ["task": "  \n"], ["task": 1], ["task": ["x"]], ["task": NSNull()],
        ["task": "x", "budget": 0.11], ["task": "x", "budget": "0.1000000000001"],
        ["task": "x", "budget": -1], ["task": "x", "budget": "1e-3"],
        ["task": "x", "budget": true],
        ["task": "x", "budget": 1e300], ["task": "x", "turns": 0], ["task": "x", "turns": 1.5],
        ["task": "x", "turns": "many"], ["task": "x", "policy": "default"],
        ["task": "x", "workspace": "direct"], ["task": "x", "model": "none-such"],
        ["task": "x", "agent": "none-such"], ["task": "x", "agent": "../../etc/passwd"],
        ["task": "x", "key": ""], ["task": "x\u{0}"],
        ["task": String(repeating: "x", count: 100_001)],
      ]
      for arguments in wrong {
        let said = try await host.call("assign", arguments)
        #expect(said.failed, "\("\(arguments)".prefix(80)): \(said.text)")
        #expect(said.text.utf8.count < 1_000)
      }
      for name in ["../..", "last", "no.such", "", String(repeating: "a", count: 65), "a/b?c=d"] {
        for tool in ["show", "logs", "diff", "bill", "stop", "resume", "wait"] {
          #expect(try await host.call(tool, ["id": name]).failed, "\(tool) \(name)")
        }
      }
      #expect(try household.run("tasks", "--all", "--json").output == "[]\n")

      // What was given elsewhere is not there, whatever is asked of it.
      let elsewhere = try household.run(
        "assign",
        "Elsewhere.",
        "--in",
        outside,
        "--detach"
      ).output.trimmingCharacters(in: .whitespacesAndNewlines)
      for tool in ["show", "logs", "diff", "bill", "stop", "resume", "wait"] {
        let said = try await host.call(tool, ["id": elsewhere])
        #expect(
          said.failed && said.text.contains("there is no assignment"),
          "\(tool): \(said.text)"
        )
      }
      let tasks = try await host.call("tasks")
      #expect((tasks.structured["assignments"] as? [Any])?.isEmpty == true)
      // What is allowed is given.
      let given = try await host.call("assign", ["task": "x", "directory": ".", "budget": 0.1])
      #expect(!given.failed && given["budget"] == "0.10 USD", "\(given.text)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `no more is under way than was allowed, and a stopped daemon is told`() async throws {
    let script = """
      [{"call":"ask","with":{"question":"Go on?"}},{"call":"done","with":{"summary":"done"}}]
      """
    try await Household.with(script) { household in
      let host = try await Host(household, ["--at-once", "2"])
      var ids: [String] = []
      for number in 0..<2 {
        ids.append(try await host.call("assign", ["task": "Work \(number)."])["id"])
      }
      let third = try await host.call("assign", ["task": "Work 2.", "key": "new"])
      #expect(third.failed && third.text.contains("at most 2 may be"), "\(third.text)")
      #expect(try await host.call("stop", ["id": ids[0]]).structured["state"] != nil)
      #expect(try await host.end(of: ids[0])["state"] == "stopped")
      #expect(try await host.end(of: ids[1]).structured["asks"] as? Bool == true)

      let fourth = try await host.call("assign", ["task": "Work 3."])["id"]
      let full = try await host.call("resume", ["id": ids[0]])
      #expect(full.failed && full.text.contains("at most 2 may be"), "\(full.text)")
      #expect(!(try await host.call("stop", ["id": fourth])).failed)
      #expect(try await host.end(of: fourth)["state"] == "stopped")
      let resumed = try await host.call("resume", ["id": ids[0]])
      #expect(!resumed.failed, "\(resumed.text)")
      #expect(try await host.end(of: ids[0]).structured["asks"] as? Bool == true)
      household.killDaemon()
      for tool in ["tasks", "questions"] {
        let said = try await host.call(tool)
        #expect(said.failed && said.text.contains("caisson up"), "\(said.text)")
      }
      let said = try await host.call("assign", ["task": "x"])
      #expect(said.failed && said.text.contains("caisson up"), "\(said.text)")
      try household.up()
      let end = ContinuousClock.now + .seconds(30)
      while try await host.call("tasks").failed, ContinuousClock.now < end {
        await household.store.waitForChange(timeout: .milliseconds(200))
      }
      #expect(!(try await host.call("show", ["id": ids[1]])).failed)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what a person gave is the person's, and what another host gave is that one's`() async throws
  {
    let script = """
      [{"call":"ask","with":{"question":"Go on?"}},{"call":"done","with":{"summary":"done"}}]
      """
    try await Household.with(script) { household in
      let host = try await Host(household, ["--allow-apply"])
      let digest = "00000000000000000000000000000000"
      let given = try household.run("assign", "A person's.", "--in", household.project, "--detach")
        .output.trimmingCharacters(in: .whitespacesAndNewlines)
      let other = try await Host(household, ["--name", "another"])
      let own = try await other.call("assign", ["task": "Its own.", "key": "one"])["id"]
      for id in [given, own] {
        #expect(!(try await host.call("show", ["id": id])).failed)
        for tool in ["stop", "resume", "apply"] {
          let arguments = tool == "apply" ? ["id": id, "digest": digest] : ["id": id]
          let said = try await host.call(tool, arguments)
          #expect(said.failed, "\(tool) \(id)")
          #expect(said.text.contains("was not given by this host"), "\(said.text)")
          #expect(said.text.contains("caisson \(tool) \(id)"), "\(said.text)")
        }
      }
      // The same key is other work for another host.
      let same = try await host.call("assign", ["task": "Its own.", "key": "one"])
      #expect(!same.failed && same["id"] != own, "\(same.text)")
      // The next server of the name knows it, though nothing bounds what all may cost.
      let next = try await Host(household, ["--name", "another"])
      #expect(!(try await next.call("stop", ["id": own])).failed)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a link in the place of the directory leads nowhere`() async throws {
    let script = """
      [{"call":"bash","with":{"command":"echo made > made"}},
       {"call":"ask","with":{"question":"Go on?"}},{"call":"done","with":{"summary":"done"}}]
      """
    try await Household.with(script) { household in
      let files = FileManager.default
      let place = household.project + "/place"
      let outside = URL(filePath: household.home).deletingLastPathComponent().path + "/outside"
      for path in [place, outside] {
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      let host = try await Host(household, ["--allow-apply"])
      let id = try await host.call("assign", ["task": "Make it.", "directory": "place"])["id"]
      #expect(try await host.end(of: id).structured["asks"] as? Bool == true)
      #expect(!(try await host.call("stop", ["id": id])).failed)
      #expect(try await host.end(of: id)["state"] == "stopped")
      let digest = try await host.call("diff", ["id": id])["digest"]
      #expect(!digest.isEmpty)

      try files.moveItem(atPath: place, toPath: place + ".away")
      try files.createSymbolicLink(atPath: place, withDestinationPath: outside)
      for tool in ["diff", "apply"] {
        let arguments = tool == "apply" ? ["id": id, "digest": digest] : ["id": id]
        let said = try await host.call(tool, arguments)
        #expect(said.failed && said.text.contains("worked outside"), "\(tool): \(said.text)")
      }
      #expect(!(try await host.call("resume", ["id": id])).failed)
      let parked = try await host.end(of: id)
      #expect(
        parked["state"] == "parked" && parked["reason"].contains("leads to"),
        "\(parked.text)"
      )
      #expect(try files.contentsOfDirectory(atPath: outside).isEmpty)

      try files.removeItem(atPath: place)
      try files.moveItem(atPath: place + ".away", toPath: place)
      #expect(!(try await host.call("resume", ["id": id])).failed)
      #expect(try await host.end(of: id).structured["asks"] as? Bool == true)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what all may cost is bounded, also for the next server, and what is not spent comes back`()
    async throws
  {
    let script = """
      [{"call":"ask","with":{"question":"Go on?"}},{"call":"done","with":{"summary":"done"}}]
      """
    try await Household.with(script) { household in
      let rules = ["--budget", "0.50", "--total", "1.00", "--name", "a-host"]
      let first = try await Host(household, rules)
      let one = try await first.call("assign", ["task": "One.", "key": "one"])
      #expect(!one.failed, "\(one.text)")
      // Said again, it is held back once.
      #expect(try await first.call("assign", ["task": "One.", "key": "one"])["id"] == one["id"])
      let two = try await first.call("assign", ["task": "Two.", "budget": 0.5])
      #expect(!two.failed, "\(two.text)")
      first.conversation.signal(SIGKILL)
      first.conversation.wait()

      let next = try await Host(household, rules)
      let refused = try await next.call("assign", ["task": "Three.", "budget": "0.01"])
      #expect(refused.failed && refused.text.contains("0.00 USD of 1.00 USD"), "\(refused.text)")
      #expect(try await next.end(of: one["id"]).structured["asks"] as? Bool == true)
      #expect(!(try await next.call("stop", ["id": one["id"]])).failed)
      #expect(try await next.end(of: one["id"])["state"] == "stopped")
      // What it has not spent is there again; then it is not there to go on with.
      let three = try await next.call("assign", ["task": "Three.", "budget": "0.49"])
      #expect(!three.failed, "\(three.text)")
      let resumed = try await next.call("resume", ["id": one["id"]])
      #expect(resumed.failed && resumed.text.contains("left for this host"), "\(resumed.text)")
      // What the daemon refuses costs nothing, and another host has its own.
      #expect(try await next.call("stop", ["id": three["id"]]).failed == false)
      #expect(try await next.end(of: three["id"])["state"] == "stopped")
      #expect(try await next.call("assign", ["task": "x", "agent": "none-such"]).failed)
      #expect(!(try await next.call("assign", ["task": "Four.", "budget": "0.49"])).failed)
      let other = try await Host(household, ["--total", "1.00", "--name", "another"])
      #expect(!(try await other.call("assign", ["task": "Five."])).failed)

      // What cannot be read is not taken for empty.
      try "[".write(
        toFile: household.home + "/served/another.json",
        atomically: true,
        encoding: .utf8
      )
      #expect(try await other.call("assign", ["task": "Six.", "budget": 0]).failed)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a daemon that dies while it is waited for fails the call, and no more`() async throws {
    try await Household.with(Self.script, delay: 4) { household in
      let host = try await Host(household)
      let id = try await host.call("assign", ["task": "Repair it."])["id"]
      try host.conversation.say(#"{"call":"wait","with":{"id":"\#(id)","seconds":200}}"#)
      _ = try await household.wait(for: id, [.running])
      household.killDaemon()
      let said = try await host.conversation.hear()
      #expect(said["failed"] as? Bool == true, "\(said)")
      #expect((said["text"] as? String)?.contains("daemon") == true, "\(said)")
      try household.up()
      let end = ContinuousClock.now + .seconds(30)
      while try await host.call("show", ["id": id]).failed, ContinuousClock.now < end {
        await household.store.waitForChange(timeout: .milliseconds(200))
      }
      #expect(try await host.end(of: id)["state"] == "done")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `nothing but the protocol is said, whatever is heard, and the end of the input ends it`()
    async throws
  {
    try await Household.with("[]") { household in
      let server = try Conversation(
        Household.program,
        ["mcp", "serve", "--in", household.project],
        environment: household.environment
      )
      let lines = [
        "{", "null", "[]", #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
        #"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, #"{"jsonrpc":"1.0","id":2,"method":"ping"}"#,
        String(repeating: "[", count: 10_000), #"{"jsonrpc":"2.0","jsonrpc":"2.0","id":1}"#,
      ]
      for line in lines {
        let answer = try await server.ask(line)
        #expect(answer["jsonrpc"] as? String == "2.0" && answer["error"] != nil, "\(answer)")
      }
      let ping = try await server.ask(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
      #expect(ping["id"] as? Int == 7)
      server.hangUp()
      #expect(server.wait() == 0)

      let stopped = try Conversation(
        Household.program,
        ["mcp", "serve", "--in", household.project],
        environment: household.environment
      )
      _ = try await stopped.ask(#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#)
      stopped.signal(SIGTERM)
      #expect(stopped.wait() == 128 + SIGTERM)
    }
  }
}
