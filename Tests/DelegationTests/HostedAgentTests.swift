import Agent
import Foundation
import Glibc
import Journal
import Testing

/// Other agents, as they are on PyPI, in the place of our own.
@Suite(.takesTurns) struct HostedAgentTests {
  enum Client: String, CaseIterable {
    case mini = "mini-swe-agent"
    case aider

    /// Where `Benchmarks/gateway/clients/venvs.py` puts its programs.
    var programs: String {
      Household.root.appending(path: ".build-clients/gateway")
        .appending(path: self == .mini ? "mini" : "aider").appending(path: "bin").path
    }

    static let areThere = allCases.allSatisfy {
      FileManager.default.fileExists(atPath: $0.programs + "/../ready")
    }
  }

  @Test(
    .enabled(
      if: Client.areThere,
      "mini-swe-agent and aider are not there; get them: python3 Benchmarks/gateway/clients/venvs.py mini aider"
    ),
    .timeLimit(.minutes(10)),
    arguments: Client.allCases
  )
  func `an agent that knows nothing of us repairs a project, and is held and billed as any`(
    client: Client
  ) async throws {
    let script = try String(
      contentsOf: Household.example.appending(path: "\(client.rawValue).json"),
      encoding: .utf8
    )
    try await Household.with(script, programs: client.programs) { household in
      try household.makeRepository()
      var settings = household.settings()
      settings.agent = client.rawValue
      let id = try await household.assign(
        "1ng2000000ba",
        settings,
        text: "gcd in gcd.py never ends. Repair it; it's the recursive call."
      )
      let ended = try await household.wait(for: id, [.done, .failed, .parked], seconds: 150)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.map(\.intent.kind) == ["start", "agent"])
      #expect(steps.last?.intent.effect == .contained)
      let difference = try household.run("diff", id)
      #expect(difference.output.contains("+    return gcd(b, a % b)"), "\(difference)")
      let bill = try household.run("bill", "--by", "run", "--json")
      #expect(bill.output.contains(id), "\(bill)")
      #expect(household.answers == (client == .mini ? 3 : 1))
      let output = try String(
        contentsOfFile: "\(household.home)/runs/\(id)/output.log",
        encoding: .utf8
      )
      #expect(output.contains("gcd"), "\(output)")
      let applied = try household.run("apply", id)
      #expect(applied.status == 0, "\(applied)")
      let repaired = try String(contentsOfFile: household.project + "/gcd.py", encoding: .utf8)
      #expect(repaired.contains("gcd(b, a % b)"))
      #expect(try household.run("audit", "--verify").output.hasPrefix("intact"))
    }
  }

  /// Says in the workspace how often it was begun, and comes to no end the first time.
  private static func slow(restart: String) -> String {
    """
    version: 1
    name: slow
    command: [sh, -c, 'read -r task; echo "$task" >>begun; test "$(wc -l <begun)" -gt 1 || sleep 600; echo well']
    task: stdin
    restart: \(restart)

    """
  }

  /// Gives the slow agent work, and waits until it is at it.
  private func begin(
    _ household: Household,
    _ restart: String,
    policy: String = "version: 1\n"
  ) async throws -> String {
    try household.describe("slow", Self.slow(restart: restart))
    var settings = household.settings(policy)
    settings.agent = "slow"
    let id = try await household.assign("1ng2000000ca", settings, text: "Take your time.")
    let begun = "\(household.home)/runs/\(id)/upper/begun"
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end, FileManager.default.contents(atPath: begun)?.isEmpty ?? true {
      await household.store.waitForChange(timeout: .milliseconds(100))
    }
    return id
  }

  /// Kills the worker under the agent; the daemon starts another one.
  private func crash(
    _ household: Household,
    _ restart: String,
    policy: String = "version: 1\n"
  ) async throws -> String {
    let id = try await begin(household, restart, policy: policy)
    let holder = try await household.store.assignment(id)?.lease.holder
    kill(try #require(holder?.process.pid), SIGKILL)
    return id
  }

  @Test(.timeLimit(.minutes(10)))
  func `a crash in the middle sets the work aside, and resuming it begins again where it was`()
    async throws
  {
    try await Household.with("[]") { household in
      let id = try await crash(household, "ask")
      let parked = try await household.wait(for: id, [.parked, .done, .failed], seconds: 90)
      #expect(parked.state == .parked)
      #expect(parked.reason?.contains("Resuming it starts the agent again") == true)
      _ = try await household.store.resume(id, by: "test")
      let ended = try await household.wait(for: id, [.parked, .done, .failed], seconds: 60)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      #expect(ended.reason == "well")
      let begun = "\(household.home)/runs/\(id)/upper/begun"
      #expect(
        FileManager.default.contents(atPath: begun)
          == Data("Take your time.\nTake your time.\n".utf8)
      )
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `an agent that may be begun again and reached nothing is`() async throws {
    try await Household.with("[]") { household in
      let id = try await crash(household, "again")
      let ended = try await household.wait(for: id, [.parked, .done, .failed], seconds: 90)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.compactMap(\.outcome?.status) == [.done, .interrupted, .done])
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `one that could reach a host is begun again only by a person's word`() async throws {
    try await Household.with("[]") { household in
      let id = try await crash(
        household,
        "again",
        policy: "version: 1\nnetwork: [{ host: example.com }]\n"
      )
      let waiting = try await household.wait(for: id, [.waiting, .parked, .done], seconds: 90)
      #expect(waiting.state == .waiting)
      let approvals = try await household.store.approvals(.pending, of: id)
      let question = try #require(approvals.first)
      #expect(question.action.contains("sleep 600"))
      _ = try await household.store.answer(
        question.id,
        ApprovalAnswer(isApproved: true, scope: .once, by: "test", hash: question.hash)
      )
      let ended = try await household.wait(for: id, [.parked, .done, .failed], seconds: 60)
      #expect(ended.state == .done, "\(ended.reason ?? "")")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `one that is stopped ends at once, and what it did is kept`() async throws {
    try await Household.with("[]") { household in
      let id = try await begin(household, "ask")
      _ = try await household.store.stop(id, by: "test")
      let ended = try await household.wait(for: id, [.stopped, .done, .failed], seconds: 20)
      #expect(ended.state == .stopped)
      let steps = try await household.store.steps(of: id, after: 0)
      #expect(steps.last?.outcome?.status == .interrupted)
      let difference = try household.run("diff", id)
      #expect(difference.output.contains("+Take your time."), "\(difference)")
    }
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ("none: nothing\n", "unknown key"),
      (nil, "there is no agent slow"),
    ]
  )
  func `what cannot be started is set aside with the reason`(
    document: String?,
    reason: String
  ) async throws {
    try await Household.with("[]") { household in
      if let document { try household.describe("slow", document) }
      var settings = household.settings()
      settings.agent = "slow"
      let id = try await household.assign("1ng2000000da", settings)
      let parked = try await household.wait(for: id, [.parked, .done, .failed])
      #expect(parked.state == .parked)
      #expect(parked.reason?.contains(reason) == true, "\(parked.reason ?? "")")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `the key of its models is nowhere inside, and opens nothing but its own models`()
    async throws
  {
    try await Household.with("[{\"say\": \"hello\"}]") { household in
      // Asks the gateway as any client would, and shows all that it can know.
      try household.describe(
        "curious",
        """
        version: 1
        name: curious
        command:
          - python3
          - -c
          - |
            import json, os, sys, urllib.request
            def ask(model):
                body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
                request = urllib.request.Request(
                    os.environ["OPENAI_BASE_URL"] + "/chat/completions", json.dumps(body).encode(),
                    {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"})
                try:
                    return json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"]
                except urllib.error.HTTPError as error:
                    return str(error.code)
            seen = b"".join(open(f"/proc/{p}/{n}", "rb").read() for p in os.listdir("/proc") if p.isdigit() for n in ("environ", "cmdline") if os.access(f"/proc/{p}/{n}", os.R_OK))
            print(ask(sys.argv[1]), ask("other"), b"sk-" + b"caisson-" in seen, sorted(os.listdir("/proc/self/fd")))
          - $MODEL
        task: stdin

        """
      )
      var settings = household.settings()
      settings.agent = "curious"
      let id = try await household.assign("1ng2000000ea", settings)
      let ended = try await household.wait(for: id, [.parked, .done, .failed])
      #expect(ended.reason?.hasPrefix("hello 4") == true, "\(ended.reason ?? "")")
      #expect(
        ended.reason?.contains(" False ['0', '1', '2', '3']") == true,
        "\(ended.reason ?? "")"
      )
      let bill = try household.run("bill", "--by", "run", "--json")
      #expect(bill.output.contains(id), "\(bill)")
    }
  }
}
