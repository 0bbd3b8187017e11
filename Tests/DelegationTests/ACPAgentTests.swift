import Agent
import Foundation
import Glibc
import Journal
import Testing

/// The SDK of the Agent Client Protocol, where `./test` puts it.
private enum PythonSDK {
  static let place = Household.root.appending(path: ".build-clients/acp")
  static let isThere = FileManager.default.fileExists(
    atPath: place.appending(path: "ready").path
  )
}

/// An agent on the SDK of the Agent Client Protocol from PyPI, sealed, in the place of our own; its model's
/// answers are scripted.
@Suite(
  .takesTurns,
  .enabled(
    if: PythonSDK.isThere,
    "the SDK of the Agent Client Protocol from PyPI is not there; ./test gets it"
  )
)
struct ACPAgentTests {
  private static let agents = Household.root.appending(path: "Tests/DelegationTests/Agents").path
  private static let answer = #"[{"say": "return gcd(b, a % b)"}]"#

  private func description(_ options: String = "", keeps: Bool = false) -> String {
    """
    version: 1
    name: repairer
    protocol: acp
    command: [python3, "\(Self.agents)/repairer.py", $MODEL\(keeps ? ", --keeps" : "")]
    environment: { PYTHONDONTWRITEBYTECODE: "1" }
    policy: { programs: [python3], read: ["\(Self.agents)", "\(PythonSDK.place.path)"] }
    \(options)

    """
  }

  private func with(
    _ options: String = "",
    keeps: Bool = false,
    _ body: (Household) async throws -> Void
  ) async throws {
    let programs = PythonSDK.place.appending(path: "bin").path
    try await Household.with(Self.answer, programs: programs) { household in
      try household.describe("repairer", description(options, keeps: keeps))
      try await body(household)
    }
  }

  private func begin(
    _ household: Household,
    _ id: String,
    text: String = "gcd in gcd.py never ends. Repair it.",
    patience: Int64? = nil
  ) async throws -> String {
    var settings = household.settings()
    settings.agent = "repairer"
    settings.patience = patience
    return try await household.assign(id, settings, text: text)
  }

  private func question(_ household: Household, of id: String) async throws -> Approval {
    let end = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < end {
      if let asked = try await household.store.approvals(.pending, of: id).first { return asked }
      if let now = try await household.store.assignment(id), now.state.isOver {
        throw Household.Failure(description: "it ended and asked nothing: \(now.reason ?? "")")
      }
      await household.store.waitForChange(timeout: .milliseconds(100))
    }
    throw Household.Failure(description: "nothing was asked")
  }

  private func answer(
    _ household: Household,
    _ asked: Approval,
    _ isApproved: Bool,
    scope: Approval.Scope = .once,
    comment: String? = nil
  ) async throws {
    let answer = ApprovalAnswer(
      isApproved: isApproved,
      scope: scope,
      by: "a test",
      comment: comment,
      hash: asked.hash
    )
    _ = try await household.store.answer(asked.id, answer)
  }

  private func end(_ household: Household, _ id: String) async throws -> Assignment {
    try await household.wait(for: id, [.done, .failed, .parked, .stopped], seconds: 90)
  }

  private func permissions(_ household: Household, of id: String) async throws -> [String] {
    try await household.store.steps(of: id, after: 0)
      .filter { $0.intent.kind == StepKind.permission }.compactMap(\.outcome?.body)
  }

  private func isRepaired(_ household: Household, _ id: String) throws -> Bool {
    let difference = try household.run("diff", id)
    return difference.output.contains("+    return gcd(b, a % b)")
  }

  @Test(.timeLimit(.minutes(10)))
  func `it repairs a project once a person has approved exactly that, and tells what it does`()
    async throws
  {
    try await with { household in
      let id = try await begin(household, "1ng2000000fa")
      let asked = try await question(household, of: id)
      // Its process waits, and so does its assignment, under way.
      #expect(try await household.store.assignment(id)?.state == .running)
      let shown = try household.run("show", id).output
      #expect(shown.contains("repairer wants to (edit):\n    Mend gcd.py"), "\(shown)")
      #expect(shown.contains("+    return gcd(b, a % b)"), "\(shown)")
      #expect(shown.contains(#"{"line":"return gcd(b, a % b)"}"#), "\(shown)")
      try await answer(household, asked, true)
      let ended = try await end(household, id)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(ended.reason == "gcd.py is mended (a).")
      #expect(try isRepaired(household, id))
      #expect(
        try await permissions(household, of: id) == [#"{"state":"approved","told":"allow_once"}"#]
      )
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(
        steps.map(\.intent.kind) == [
          "start", "agent", "agent:session", "agent:said", "agent:plan", "agent:tool", "permission",
          "agent:said",
        ]
      )
      let log = try household.run("logs", id).output
      for line in [
        "  The arguments look swapped.", "    [>] mend gcd.py", "edit: Mend gcd.py", "    mended",
        "gcd.py is mended (a).", "  approved",
      ] { #expect(log.contains(line), "\(line): \(log)") }
      let output = try String(
        contentsOfFile: "\(household.home)/runs/\(id)/output.log",
        encoding: .utf8
      )
      #expect(output.contains("the answer was a\n"), "\(output)")
      #expect(try household.run("bill", "--by", "run", "--json").output.contains(id))
      #expect(household.answers == 1)
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  private static let hermes = Household.root.appending(path: ".build-clients/gateway/hermes")

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: hermes.appending(path: "ready").path),
      "hermes-agent is not there; get it: python3 Benchmarks/gateway/clients/venvs.py hermes"
    ),
    .timeLimit(.minutes(10))
  )
  func `hermes-agent, as it is on PyPI, repairs a project and asks before it does`() async throws {
    let script = try String(
      contentsOf: Household.example.appending(path: "hermes-agent.json"),
      encoding: .utf8
    )
    let programs = Self.hermes.appending(path: "bin").path
    try await Household.with(script, programs: programs) { household in
      var settings = household.settings()
      settings.agent = "hermes-agent"
      let id = try await household.assign("1ng2000000qa", settings)
      let asked = try await question(household, of: id)
      #expect(asked.action.contains("return gcd(b, a % b)"), "\(asked.action)")
      try await answer(household, asked, true)
      let ended = try await end(household, id)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(ended.reason == "Repaired gcd.py: its arguments were swapped.")
      #expect(try isRepaired(household, id))
      #expect(household.answers >= 3)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a wider yes is told as one, and what is denied or not answered is not done`() async throws {
    try await with { household in
      let wide = try await begin(household, "1ng2000000ga")
      try await answer(household, question(household, of: wide), true, scope: .session)
      #expect(try await end(household, wide).reason == "gcd.py is mended (b).")
      let denied = try await begin(household, "1ng2000000ha")
      try await answer(household, question(household, of: denied), false, comment: "not today")
      let ended = try await end(household, denied)
      #expect(ended.state == .done)
      #expect(ended.reason == "I may not mend it (c).")
      #expect(try !isRepaired(household, denied))
      #expect(
        try await permissions(household, of: denied) == [
          #"{"comment":"not today","state":"denied","told":"reject_once"}"#
        ]
      )
      let late = try await begin(household, "1ng2000000wa", patience: 1)
      #expect(try await end(household, late).reason == "I may not mend it (c).")
      #expect(
        try await permissions(household, of: late) == [
          #"{"state":"timed-out","told":"reject_once"}"#
        ]
      )
      #expect(try !isRepaired(household, late))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `where its description lets it, nobody is asked`() async throws {
    try await with("permissions: allow") { household in
      let id = try await begin(household, "1ng2000000ja")
      let ended = try await end(household, id)
      #expect(ended.reason == "gcd.py is mended (a).")
      #expect(
        try await permissions(household, of: id) == [
          #"{"from":"permissions: allow","state":"approved","told":"allow_once"}"#
        ]
      )
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: [true, false])
  func `killed while it waits for a person, it goes on with the answer that came meanwhile`(
    keeps: Bool
  ) async throws {
    try await with(keeps: keeps) { household in
      let id = try await begin(household, "1ng2000000ka")
      let asked = try await question(household, of: id)
      for worker in household.workers { kill(worker, SIGKILL) }
      household.killDaemon()
      try await answer(household, asked, true)
      try household.up()
      let ended = try await end(household, id)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(ended.reason == "gcd.py is mended (a).")
      #expect(try isRepaired(household, id))
      // One question, one answer, used once.
      #expect(try await household.store.approvals(nil, of: id).map(\.id) == [asked.id])
      let answers = try await permissions(household, of: id)
      #expect(answers.count == 2)
      #expect(answers.last?.contains(#""state":"approved","told":"allow_once""#) == true)
      let steps = try await household.store.steps(of: id, after: 0)
      let sessions = steps.filter { $0.intent.kind == StepKind.agentSession }.map(\.intent.body)
      #expect(sessions.count == 2)
      #expect(sessions.last?.contains("\"former\":\(keeps)") == true, "\(sessions)")
      let told = try String(
        contentsOfFile: "\(household.home)/runs/\(id)/upper/told",
        encoding: .utf8
      )
      #expect(told.split(separator: "\n").count == 2)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `killed with the question open, it waits without a process, and goes on when answered`()
    async throws
  {
    try await with { household in
      let id = try await begin(household, "1ng2000000xa")
      let asked = try await question(household, of: id)
      for worker in household.workers { kill(worker, SIGKILL) }
      let waiting = try await household.wait(for: id, [.waiting, .done, .failed], seconds: 60)
      #expect(waiting.state == .waiting)
      try await answer(household, asked, false)
      let ended = try await end(household, id)
      #expect(ended.reason == "I may not mend it (c).")
      #expect(try await household.store.approvals(nil, of: id).count == 1)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `one that could reach a host goes on by a person's word, and still asks once`() async throws
  {
    try await with { household in
      var settings = household.settings("version: 1\nnetwork: [{ host: example.com }]\n")
      settings.agent = "repairer"
      let id = try await household.assign("1ng2000000ra", settings, text: "Repair gcd.py.")
      let asked = try await question(household, of: id)
      for worker in household.workers { kill(worker, SIGKILL) }
      try await answer(household, asked, true)
      let fate = try await question(household, of: id)
      #expect(fate.action.contains("fate"), "\(fate.action)")
      try await answer(household, fate, true)
      let ended = try await end(household, id)
      #expect(ended.reason == "gcd.py is mended (a).")
      #expect(try await household.store.approvals(nil, of: id).count == 2)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `the command shows its question, takes the answer and shows the end`() async throws {
    try await with { household in
      let given = try household.run(
        "assign",
        "Repair gcd.py.",
        "--in",
        household.project,
        "--agent",
        "repairer"
      )
      #expect(given.status == 3, "\(given)")
      #expect(given.output.contains("Its choices: Mend it, Mend whatever there is, Leave it"))
      let approved = try household.run("approve", "last")
      #expect(approved.status == 0, "\(approved)")
      let followed = try household.run("logs", "-f", "last")
      #expect(followed.output.contains("gcd.py is mended (a)."), "\(followed)")
    }
  }

  /// Speaks the protocol by hand, and tells of 700 uses of a tool.
  private static let talkative = """
    import json, sys
    def say(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        method, id = request.get("method"), request.get("id")
        if method == "initialize": say(id=id, result={"protocolVersion": 1})
        elif method == "session/new": say(id=id, result={"sessionId": "s"})
        elif method == "session/prompt":
            for n in range(700):
                say(method="session/update", params={"sessionId": "s", "update": {
                    "sessionUpdate": "tool_call", "toolCallId": str(n), "title": f"use {n}.", "status": "completed"}})
            say(id=id, result={"stopReason": "end_turn"})
    """

  @Test(.timeLimit(.minutes(10)))
  func `one that tells much is shown to its end`() async throws {
    try await Household.with("[]") { household in
      let file = household.project + "/talkative.py"
      try Self.talkative.write(toFile: file, atomically: true, encoding: .utf8)
      try household.describe(
        "repairer",
        "version: 1\nname: repairer\nprotocol: acp\ncommand: [python3, talkative.py]\n"
      )
      let id = try await begin(household, "1ng2000000sa")
      let socket = "\(household.home)/runtime/daemon.sock"
      let end = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < end, !FileManager.default.fileExists(atPath: socket) {
        await household.store.waitForChange(timeout: .milliseconds(50))
      }
      let followed = try household.run("logs", "-f", id)
      let told = followed.output.split(separator: "\n").filter { $0.hasPrefix("use ") }
      #expect(told.first == "use 0." && told.last == "use 699." && told.count == 700, "\(followed)")
      #expect(try await self.end(household, id).state == .done)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a daemon that stops lets go of it, and the question stands`() async throws {
    try await with { household in
      let id = try await begin(household, "1ng2000000pa")
      let asked = try await question(household, of: id)
      household.stopDaemon()
      #expect(try await household.store.assignment(id)?.state == .waiting)
      try household.up()
      try await answer(household, asked, true)
      #expect(try await end(household, id).reason == "gcd.py is mended (a).")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `one that is stopped is told so, and ends by itself`() async throws {
    try await with { household in
      let id = try await begin(household, "1ng2000000ma", text: "hang")
      let end = ContinuousClock.now + .seconds(60)
      let log = "\(household.home)/runs/\(id)/output.log"
      while ContinuousClock.now < end, FileManager.default.contents(atPath: log)?.isEmpty ?? true {
        await household.store.waitForChange(timeout: .milliseconds(100))
      }
      _ = try await household.store.stop(id, by: "test")
      let ended = try await household.wait(for: id, [.stopped, .done, .failed], seconds: 20)
      #expect(ended.state == .stopped)
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.first { $0.intent.kind == "agent" }?.outcome?.status == .interrupted)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `why it stopped is told apart`() async throws {
    try await with { household in
      for (number, (reason, state, words)) in Self.ends.enumerated() {
        let id = try await begin(household, "1ng2000000n\(number)", text: "end:\(reason)")
        let ended = try await end(household, id)
        #expect(ended.state == state)
        #expect(ended.reason == words)
      }
    }
  }

  private static let ends: [(String, Assignment.State, String)] = [
    ("end_turn", .done, "repairer said that it is done"),
    ("max_tokens", .failed, "repairer stopped: its model gave no more tokens"),
    ("max_turn_requests", .failed, "repairer stopped: it asked its model as often as it may"),
    ("refusal", .failed, "repairer refused to go on"), ("cancelled", .failed, "repairer broke off"),
  ]

  @Test(.timeLimit(.minutes(10)))
  func `one that speaks no ACP has failed, and it is said why`() async throws {
    try await Household.with("[]") { household in
      for (number, (script, reason)) in Self.strangers.enumerated() {
        try household.describe(
          "repairer",
          """
          version: 1
          name: repairer
          protocol: acp
          command:
            - sh
            - -c
            - |
              \(script)

          """
        )
        let ended = try await end(household, begin(household, "1ng2000000y\(number)"))
        #expect(ended.state == .failed)
        #expect(ended.reason?.contains(reason) == true, "\(ended.reason ?? "")")
      }
    }
  }

  private static let strangers = [
    (#"echo '{"jsonrpc":"2.0","id":1,"id":1,"result":{}}'; cat"#, "it broke the protocol"),
    ("yes", "that are no messages of the protocol"),
    ("head -c 5000000 /dev/zero | tr '\\0' x; cat", "the message is longer than"),
    ("ls /no-such-place; exit 3", "exit status 3:\nls: "),
    ("no-such-agent", "its program was not found inside"),
  ]
}
