import Agent
import Foundation
import Glibc
import Journal
import Testing

/// What `Scripts/clients.sh` brought.
private enum EditorClient {
  static let root = Household.root.path
  static let place = "\(root)/.build-clients/acp"
  static let isThere = access("\(place)/ready", F_OK) == 0
}

/// `caisson acp` before the client of the package `agent-client-protocol`; the model's answers are
/// scripted.
@Suite(
  .takesTurns,
  .enabled(if: EditorClient.isThere, "the client from PyPI is not there; ./test gets it")
)
struct EditorTests {
  private static let repair =
    (try? String(contentsOf: Household.example.appending(path: "script.json"), encoding: .utf8))
    ?? ""
  private static let asking = """
    version: 1
    approvals: [{ when: "command touch*", ask: session }]
    """

  /// An editor with one person at it, who sees what is told and chooses.
  private final class Editor {
    let conversation: Conversation
    var said = ""
    var calls: [String: [String: Any]] = [:]
    /// Those that were told of, in order.
    var order: [String] = []

    init(_ household: Household, _ arguments: [String] = []) async throws {
      conversation = try Conversation(
        EditorClient.place + "/bin/python",
        ["\(EditorClient.root)/Tests/DelegationTests/Hosts/editor.py", Household.program, "acp"]
          + arguments,
        environment: household.environment
      )
      let ready = try await conversation.hear()
      #expect(ready["version"] as? Int == 1 && ready["loads"] as? Bool == true)
    }

    func begin(_ directory: String, servers: Bool = false) async throws -> String {
      let made = try await conversation.ask(["new": directory, "servers": servers])
      return try #require(made["id"] as? String, "\(made)")
    }

    func send(_ object: [String: Any]) throws {
      let data = try JSONSerialization.data(withJSONObject: object)
      try conversation.say(String(decoding: data, as: UTF8.self))
    }

    func prompt(_ text: String, _ session: String) throws {
      try send(["prompt": text, "session": session])
    }

    func choose(_ option: String?) throws { try send(["choose": option as Any? ?? NSNull()]) }

    /// The next event of one of these kinds; what is told on the way is kept.
    func next(_ kinds: String...) async throws -> [String: Any] {
      while true {
        let event = try await conversation.hear()
        let kind = event["event"] as? String ?? ""
        if kind == "update", let update = event["update"] as? [String: Any] { note(update) }
        if kinds.contains(kind) { return event }
        if kind == "error" { throw Household.Failure(description: "\(event)") }
      }
    }

    private func note(_ update: [String: Any]) {
      switch update["sessionUpdate"] as? String {
      case "agent_message_chunk":
        said += (update["content"] as? [String: Any])?["text"] as? String ?? ""
      case "tool_call", "tool_call_update":
        guard let id = update["toolCallId"] as? String else { return }
        if calls[id] == nil { order.append(id) }
        calls[id, default: [:]].merge(update) { $1 }
      default: break
      }
    }

    func text(_ call: String) -> String {
      let parts = calls[call]?["content"] as? [[String: Any]] ?? []
      return parts.compactMap { ($0["content"] as? [String: Any])?["text"] as? String }
        .joined(separator: "\n")
    }
  }

  private func newest(_ household: Household) async throws -> Assignment {
    let all = try await household.store.assignments(AssignmentFilter(limit: 10))
    return try #require(all.first)
  }

  /// The processes that are agents for editors of this home.
  private func agents(of household: Household) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { pid in
      func read(_ name: String) -> Data {
        FileManager.default.contents(atPath: "/proc/\(pid)/\(name)") ?? Data()
      }
      return read("cmdline").split(separator: 0).dropFirst().first == Data("acp".utf8)
        && read("environ").range(of: Data(household.home.utf8)) != nil
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a prompt becomes an assignment, whose changes are shown and taken`() async throws {
    try await Household.with(Self.repair) { household in
      let editor = try await Editor(household, ["--budget", "0.50"])
      let session = try await editor.begin(household.project, servers: true)
      try editor.prompt("Repair what the tests say is broken.", session)
      let asked = try await editor.next("permission", "end")
      #expect(asked["options"] as? [String] == ["take", "leave"], "\(asked) \(editor.said)")
      let call = try #require(asked["call"] as? [String: Any])
      let parts = call["content"] as? [[String: Any]] ?? []
      let diff = try #require(parts.first { $0["type"] as? String == "diff" })
      #expect(diff["path"] as? String == household.project + "/gcd.py")
      #expect((diff["oldText"] as? String)?.contains("gcd(b, a % b)") == false)
      #expect((diff["newText"] as? String)?.contains("return gcd(b, a % b)") == true)
      // What it did was told meanwhile.
      #expect(editor.said.contains("tool server is not used"))
      #expect(editor.said.contains("all three tests pass"), "\(editor.said)")
      let kinds = Set(editor.calls.values.compactMap { $0["kind"] as? String })
      #expect(kinds.isSuperset(of: ["execute", "edit"]), "\(kinds)")
      let done = editor.calls.filter { !$0.key.hasPrefix("changes-") }
      #expect(done.values.allSatisfy { ["completed", "failed"].contains($0["status"] as? String) })
      let before = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(!before.contains("gcd(b, a % b)"))
      try editor.choose("take")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("gcd(b, a % b)"), "\(editor.said)")
      let given = try await newest(household)
      #expect(given.settings.contains("500000000000"))

      // Another prompt is another assignment, and is told what the one before came to.
      try editor.prompt("And now tell me.", session)
      let end = try await editor.next("end", "permission")
      if end["event"] as? String == "permission" {
        try editor.choose("leave")
        _ = try await editor.next("end")
      }
      let second = try await newest(household)
      #expect(second.id != given.id)
      #expect(second.text.contains("its changes are in the directory"), "\(second.text)")
      editor.conversation.hangUp()
      #expect(editor.conversation.wait() == 0, "\(editor.conversation.complaints)")
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: ["once", "session", "deny"])
  func `what the policy wants asked is asked in the editor, and the answer holds`(
    choice: String
  ) async throws {
    let script = """
      [{"call":"bash","with":{"command":"touch one"}},
       {"call":"bash","with":{"command":"touch one"}},
       {"call":"done","with":{"summary":"that was it"}}]
      """
    try await Household.with(script) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      for number in 1...(choice == "session" ? 1 : 2) {
        let asked = try await editor.next("permission")
        #expect(asked["options"] as? [String] == ["once", "session", "deny"], "\(number)")
        let call = asked["call"] as? [String: Any]
        #expect(call?["title"] as? String == "Run: touch one")
        try editor.choose(choice)
      }
      if choice != "deny" {
        #expect(try await editor.next("permission")["options"] as? [String] == ["take", "leave"])
        try editor.choose("leave")
      }
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      #expect(editor.said.contains("that was it"), "\(editor.said)")
      let given = try await newest(household)
      #expect(given.state == .done)
      let answers = try await household.store.approvals(nil, of: given.id)
      #expect(answers.count == (choice == "session" ? 1 : 2))
      #expect(answers.allSatisfy { $0.state == (choice == "deny" ? .denied : .approved) })
      #expect(!FileManager.default.fileExists(atPath: household.project + "/one"))
      if choice != "deny" {
        #expect(editor.said.contains("caisson apply \(given.id)"), "\(editor.said)")
        #expect(try household.run("apply", given.id).status == 0)
        #expect(FileManager.default.fileExists(atPath: household.project + "/one"))
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `markup in what is asked hides nothing of it`() async throws {
    let command = "touch 'one <!-- ```` [two](three)'"
    let script = """
      [{"call":"bash","with":{"command":"\(command)"}},
       {"call":"done","with":{"summary":"that was it"}}]
      """
    try await Household.with(script) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      let asked = try await editor.next("permission")
      let call = try #require(asked["call"] as? [String: Any])
      #expect(call["title"] as? String == "Run: ````` \(command) `````")
      let part = (call["content"] as? [[String: Any]])?.first?["content"] as? [String: Any]
      let shown = try #require(part?["text"] as? String)
      #expect(shown.hasPrefix("`````\n") && shown.hasSuffix("\n`````"), "\(shown)")
      #expect(shown.contains(command))
      try editor.choose("deny")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an agent that speaks the same protocol is sealed between, and shown as it tells of itself`()
    async throws
  {
    let agents = Household.root.appending(path: "Tests/DelegationTests/Agents").path
    let description = """
      version: 1
      name: repairer
      protocol: acp
      command: [python3, "\(agents)/repairer.py", $MODEL]
      environment: { PYTHONDONTWRITEBYTECODE: "1" }
      policy: { programs: [python3], read: ["\(agents)", "\(EditorClient.place)"] }

      """
    let answer = #"[{"say": "return gcd(b, a % b)"}]"#
    try await Household.with(answer, programs: EditorClient.place + "/bin") { household in
      try household.describe("repairer", description)
      let editor = try await Editor(household, ["--agent", "repairer"])
      let session = try await editor.begin(household.project)
      try editor.prompt("gcd in gcd.py never ends. Repair it.", session)
      let asked = try await editor.next("permission", "end")
      #expect((asked["options"] as? [String])?.first == "once", "\(asked) \(editor.said)")
      #expect((asked["call"] as? [String: Any])?["title"] as? String == "Mend gcd.py")
      // Not decided: its process waits on, and so does the question.
      try editor.choose(nil)
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      try editor.prompt("gcd in gcd.py: is it well?", session)
      #expect((try await editor.next("permission")["options"] as? [String])?.first == "once")
      try editor.choose("once")
      #expect(try await editor.next("permission")["options"] as? [String] == ["take", "leave"])
      try editor.choose("take")
      #expect(editor.said.contains("gcd.py is mended"), "\(editor.said)")
      #expect(editor.calls.values.contains { $0["title"] as? String == "Mend gcd.py" })
      let ended = try await editor.next("permission", "end")
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("return gcd(b, a % b)"), "\(ended) \(editor.said)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a question in words is answered by the next prompt`() async throws {
    let script = """
      [{"call":"ask","with":{"question":"Which of the two?"}},
       {"call":"done","with":{"summary":"as you said"}}]
      """
    try await Household.with(script) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Ask me.", session)
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      #expect(editor.said.contains("Which of the two?"), "\(editor.said)")
      let given = try await newest(household)
      // Whoever takes it up again was not shown the question: what is written there is no answer to it.
      editor.conversation.hangUp()
      editor.conversation.wait()
      let again = try await Editor(household)
      try again.send(["load": session, "in": household.project])
      _ = try await again.next("loaded")
      #expect(!again.said.contains("Which of the two?"))
      try again.prompt("How is it going?", session)
      #expect(try await again.next("end")["reason"] as? String == "end_turn")
      #expect(again.said.contains("Which of the two?"), "\(again.said)")
      #expect(try await household.store.approvals(.pending, of: given.id).count == 1)
      try again.prompt("The second.", session)
      #expect(try await again.next("end")["reason"] as? String == "end_turn")
      #expect(again.said.contains("as you said"))
      let answer = try await household.store.approvals(nil, of: given.id).first
      #expect(answer?.comment == "The second.")
      #expect(try await newest(household).id == given.id)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `every changed path is named with what it is, and a link is no text`() async throws {
    let script = """
      [{"call":"bash","with":{"command":"ln -s /etc/passwd one; chmod 755 gcd.py"}},
       {"call":"bash","with":{"command":"head -c 300000 /dev/zero > two"}},
       {"call":"bash","with":{"command":"mkdir d; for i in $(seq 150); do echo > d/$i; done"}},
       {"call":"done","with":{"summary":"that was it"}}]
      """
    try await Household.with(script) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Make them.", session)
      let asked = try await editor.next("permission", "end")
      let call = try #require(asked["call"] as? [String: Any], "\(editor.said)")
      let parts = call["content"] as? [[String: Any]] ?? []
      let list = (parts.first?["content"] as? [String: Any])?["text"] as? String ?? ""
      for line in [
        "new link mode 120000", "+ link to /etc/passwd", "old mode 100644", "new mode 100755",
        "+ 293 KiB, not shown here", "diff a/d/150 b/d/150", "new directory mode 040755",
      ] { #expect(list.contains(line + "\n"), "\(line): \(list)") }
      let diffs = parts.compactMap { $0["path"] as? String }
      #expect(diffs.count == 100 && diffs.allSatisfy { $0.hasPrefix(household.project + "/d/") })
      try editor.choose("leave")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `of more paths than can be named nothing is taken in the editor`() async throws {
    let script = """
      [{"call":"bash","with":{"command":"mkdir d; for i in $(seq 2001); do echo > d/$i; done"}},
       {"call":"done","with":{"summary":"that was it"}}]
      """
    try await Household.with(script) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Make them.", session)
      #expect(try await editor.next("permission", "end")["event"] as? String == "end")
      let given = try await newest(household)
      let way = try #require(editor.said.firstMatch(of: /caisson apply \S+ --expect \w+/)?.output)
      #expect(editor.text("changes-\(given.id)").contains("and 2 more paths"))
      let words = way.split(separator: " ").dropFirst().map(String.init)
      let applied = try household.run(words)
      #expect(applied.status == 0, "\(applied)")
      #expect(FileManager.default.fileExists(atPath: household.project + "/d/2001"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a cancellation while no daemon is up holds for the next one`() async throws {
    try await Household.with(Self.repair, delay: 1) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Repair it.", session)
      while editor.order.isEmpty { _ = try await editor.next("update") }
      household.killDaemon()
      while !editor.said.contains("The daemon is gone") { _ = try await editor.next("update") }
      try editor.send(["cancel": session])
      try household.up()
      #expect(try await editor.next("end")["reason"] as? String == "cancelled")
      let given = try await newest(household)
      #expect(try await household.wait(for: given.id, [.stopped, .done]).state == .stopped)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what a person does not decide stays open, and is asked again`() async throws {
    let script = #"[{"call":"bash","with":{"command":"touch one"}}]"#
    try await Household.with(script) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      _ = try await editor.next("permission")
      // No option of ours is as good as none.
      try editor.choose("sudo")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      let given = try await newest(household)
      #expect(given.state == .waiting)
      #expect(editor.said.contains("caisson approve \(given.id)"), "\(editor.said)")
      try editor.prompt("Go on, and then something else.", session)
      #expect(
        try await editor.next("permission")["options"] as? [String] == ["once", "session", "deny"]
      )
      try editor.choose("deny")
      // That was the first; now what was written since is given.
      _ = try await editor.next("permission")
      try editor.choose("deny")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      #expect(try await household.wait(for: given.id, [.done]).state == .done)
      let second = try await newest(household)
      #expect(second.id != given.id && second.state == .done)
      #expect(second.text.hasPrefix("Go on, and then something else."))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a question that is answered elsewhere holds nothing up`() async throws {
    let script = #"[{"call":"bash","with":{"command":"touch one"}}]"#
    try await Household.with(script) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      _ = try await editor.next("permission")
      let given = try await newest(household)
      #expect(try household.run("deny", given.id).status == 0)
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
      #expect(try await household.wait(for: given.id, [.done]).state == .done)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `where it is decided elsewhere the editor is shown all and asked nothing`() async throws {
    let script = """
      [{"call":"bash","with":{"command":"touch one"}},
       {"call":"ask","with":{"question":"Which of the two?"}},
       {"call":"done","with":{"summary":"that was it"}}]
      """
    try await Household.with(script) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy, "--decide-elsewhere"])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      for (shown, answer) in [("touch one", "yes"), ("Which of the two?", "the second")] {
        while !editor.said.contains(shown) {
          #expect(
            try await editor.next("update", "permission", "end")["event"] as? String == "update"
          )
        }
        let id = try await newest(household).id
        while try await household.store.approvals(.pending, of: id).isEmpty {
          await household.store.waitForChange(timeout: .milliseconds(100))
        }
        #expect(try household.run("approve", id, "--comment", answer).status == 0)
      }
      let end = try await editor.next("end", "permission")
      #expect(end["reason"] as? String == "end_turn", "\(end)")
      let given = try await newest(household)
      #expect(editor.calls["changes-\(given.id)"] != nil)
      #expect(editor.said.contains("caisson apply \(given.id)"), "\(editor.said)")
      #expect(!FileManager.default.fileExists(atPath: household.project + "/one"))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a turn that is cancelled stops its assignment, also while a person is asked`() async throws
  {
    let script = """
      [{"call":"bash","with":{"command":"sleep 60"}},{"call":"done","with":{"summary":"slept"}}]
      """
    try await Household.with(script) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Sleep.", session)
      while !editor.order.contains(where: { editor.calls[$0]?["kind"] as? String == "execute" }) {
        _ = try await editor.next("update")
      }
      try editor.send(["cancel": session])
      #expect(try await editor.next("end")["reason"] as? String == "cancelled")
      #expect(try await newest(household).state == .stopped)
    }
    let touching = #"[{"call":"bash","with":{"command":"touch one"}}]"#
    try await Household.with(touching) { household in
      let policy = household.home + "/policy.yaml"
      try Self.asking.write(toFile: policy, atomically: true, encoding: .utf8)
      let editor = try await Editor(household, ["--policy", policy])
      let session = try await editor.begin(household.project)
      try editor.prompt("Touch it.", session)
      _ = try await editor.next("permission")
      try editor.send(["cancel": session])
      #expect(try await editor.next("end")["reason"] as? String == "cancelled")
      // Chosen after that, it counts no more.
      try editor.choose("once")
      let given = try await household.wait(for: try await newest(household).id, [.stopped])
      let asked = try await household.store.approvals(nil, of: given.id)
      #expect(asked.allSatisfy { $0.state != .approved })
      // The session is there for more.
      try editor.prompt("Once more.", session)
      _ = try await editor.next("permission")
      try editor.choose("deny")
      #expect(try await editor.next("end")["reason"] as? String == "end_turn")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `work outlives a daemon and an editor that are killed, and is come back to`() async throws {
    try await Household.with(Self.repair, delay: 1) { household in
      let editor = try await Editor(household)
      let session = try await editor.begin(household.project)
      try editor.prompt("Repair it.", session)
      while editor.order.isEmpty { _ = try await editor.next("update") }
      household.killDaemon()
      while !editor.said.contains("The daemon is gone") { _ = try await editor.next("update") }
      try household.up()
      let shown = editor.order.count
      while editor.order.count == shown { _ = try await editor.next("update", "permission") }
      editor.conversation.signal(SIGKILL)
      editor.conversation.wait()
      let given = try await newest(household)
      // Its agent goes with it, and the work goes on.
      let end = ContinuousClock.now + .seconds(20)
      while !agents(of: household).isEmpty, ContinuousClock.now < end {
        await household.store.waitForChange(timeout: .milliseconds(100))
      }
      #expect(agents(of: household).isEmpty)
      #expect(try await household.wait(for: given.id, [.done, .failed, .parked]).state == .done)

      let again = try await Editor(household)
      try again.send(["load": session, "in": household.project])
      _ = try await again.next("loaded")
      #expect(
        again.said.contains("all three tests pass") && again.said.contains("\(given.id): done")
      )
      #expect(again.order.contains { $0.hasPrefix(given.id) })
      try again.send(["load": session, "in": household.home])
      #expect(try await again.conversation.hear()["event"] as? String == "error")
      #expect(household.answers == 5)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `what makes no sense is refused, and the next request is answered`() async throws {
    try await Household.with("[]") { household in
      let editor = try await Editor(household, ["--model", "none-such"])
      for directory in ["relative", "/nowhere/at/all", household.project + "/gcd.py", ""] {
        let said = try await editor.conversation.ask(["new": directory])
        #expect(said["event"] as? String == "error", "\(directory): \(said)")
      }
      for name in ["none", "../../journal", "", String(repeating: "a", count: 5_000)] {
        let said = try await editor.conversation.ask(["load": name, "in": household.project])
        #expect(said["event"] as? String == "error", "\(name): \(said)")
      }
      let session = try await editor.begin(household.project)
      let prompts = ["", "  \n", "a\u{0}b", String(repeating: "x", count: 100_000)]
      for prompt in prompts {
        let said = try await editor.conversation.ask(["prompt": prompt, "session": session])
        #expect(said["event"] as? String == "error", "\(prompt.prefix(10)): \(said)")
      }
      let lost = try await editor.conversation.ask(["prompt": "x", "session": "none"])
      #expect(lost["code"] as? Int == -32002)
      let refused = try await editor.conversation.ask(["prompt": "x", "session": session])
      #expect("\(refused)".contains("none-such"), "\(refused)")
      #expect(try household.run("tasks", "--all", "--json").output == "[]\n")

      let agent = try Conversation(
        Household.program,
        ["acp"],
        environment: household.environment
      )
      let early = #"{"jsonrpc":"2.0","id":1,"method":"session/new","params":{"cwd":"/tmp"}}"#
      let lines = ["{", "[]", early, #"{"jsonrpc":"2.0","id":2,"method":"fs/read_text_file"}"#]
      for line in lines { #expect(try await agent.ask(line)["error"] != nil, "\(line)") }
      agent.hangUp()
      #expect(agent.wait() == 0, "\(agent.complaints)")
    }
  }
}
