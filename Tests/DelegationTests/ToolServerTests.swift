import Agent
import Foundation
import Glibc
import Journal
import Testing

@testable import Delegation

/// Servers of the Model Context Protocol in an agent's loop, each a sealed run; the model's answers are
/// scripted.
@Suite(.takesTurns) struct ToolServerTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let clients = "\(root)/.build-clients/mcp"
  static let hasServers = access("\(clients)/ready", F_OK) == 0

  /// A server whose tool's description is what a file says.
  private static let changing = """
    import json, os, sys, time
    place = os.path.dirname(os.path.abspath(__file__))
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request: continue
        method, answer = request["method"], {}
        if method == "initialize":
            answer = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                      "serverInfo": {"name": "words", "version": "1"}}
        elif method == "tools/list":
            answer = {"tools": [{"name": n, "description": open(place + "/says").read(),
                                 "inputSchema": {"type": "object"}} for n in ("say", "hide")]}
        elif method == "tools/call":
            params = request["params"]
            if params["arguments"].get("die"): os._exit(3)
            while params["arguments"].get("wait") and open(place + "/hold").read(): time.sleep(0.05)
            key = params.get("_meta", {}).get("caisson.idempotency-key")
            answer = {"content": [{"type": "text", "text": json.dumps([params["arguments"], bool(key)])},
                                  {"type": "image", "data": "AAAA", "mimeType": "image/png"}]}
        else:
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"],
                              "error": {"code": -32601, "message": "unknown"}}), flush=True)
            continue
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": answer}), flush=True)
    """

  private func question(_ household: Household, of id: String) async throws -> Approval {
    _ = try await household.wait(for: id, [.waiting])
    return try #require(try await household.store.approvals(.pending, of: id).first)
  }

  private func answer(
    _ household: Household,
    _ asked: Approval,
    _ isApproved: Bool
  ) async throws {
    let answer = ApprovalAnswer(
      isApproved: isApproved,
      scope: isApproved ? .always : .once,
      by: "a test",
      comment: nil,
      hash: asked.hash
    )
    _ = try await household.store.answer(asked.id, answer)
  }

  private func end(_ household: Household, _ id: String) async throws {
    #expect(try await household.wait(for: id, [.done, .failed, .parked, .waiting]).state == .done)
  }

  private func steps(_ household: Household, of id: String) async throws -> [StepRecord] {
    try await household.store.steps(of: id, after: 0)
  }

  private func results(_ household: Household, of id: String) async throws -> [String] {
    try await steps(household, of: id).filter { $0.intent.kind.hasPrefix("tool:") }
      .compactMap(\.outcome?.body)
  }

  /// Writes the changing server into the project, and gives a policy that uses it.
  private func words(_ household: Household, _ rest: String = "") throws -> String {
    let place = URL(filePath: household.home).deletingLastPathComponent().path + "/server"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try Self.changing.write(toFile: "\(place)/words.py", atomically: true, encoding: .utf8)
    try "Says it.".write(toFile: "\(place)/says", atomically: true, encoding: .utf8)
    try """
    version: 1
    filesystem: { read: [$SYSTEM, \(place)], write: [] }
    """.write(toFile: "\(place)/policy.yaml", atomically: true, encoding: .utf8)
    return """
      version: 1
      tools:
        - mcp: words
          command: [/usr/bin/python3, \(place)/words.py]
          policy: \(place)/policy.yaml
          allow: [say]
      \(rest)
      """
  }

  private func says(_ household: Household, _ text: String) throws {
    let place = URL(filePath: household.home).deletingLastPathComponent().path + "/server"
    try text.write(toFile: "\(place)/says", atomically: true, encoding: .utf8)
  }

  @Test(
    .timeLimit(.minutes(10)),
    .enabled(
      if: ToolServerTests.hasServers,
      "the servers from PyPI are not there; ./test gets them"
    )
  )
  func `a server's tools are asked about once, and are called as the policy allows`() async throws {
    let time = #"{"source_timezone":"UTC","time":"12:00","target_timezone":"Asia/Tokyo"}"#
    let far = #"{"source_timezone":"UTC","time":"12:00","target_timezone":"Europe/Rome"}"#
    let script = """
      [{"call":"time__convert_time","with":\(time)},
       {"call":"time__convert_time","with":\(far)},
       {"call":"time__get_current_time","with":{"timezone":"UTC"}},
       {"call":"done","with":{"summary":"told"}}]
      """
    let policy = """
      version: 1
      tools:
        - mcp: time
          command: [\(Self.clients)/bin/python, -m, mcp_server_time]
          policy: POLICY
          allow: [convert_time]
          class: { "*": pure }
          arguments: { convert_time: { target_timezone: "Asia/*" } }
      """
    try await Household.with(script) { household in
      let file = household.home + "/time.yaml"
      try "version: 1\nfilesystem: { read: [$SYSTEM, \(Self.clients)] }\n"
        .write(toFile: file, atomically: true, encoding: .utf8)
      let settings = household.settings(policy.replacing("POLICY", with: file))
      let first = try await household.assign("1ng2000000c1", settings)
      let asked = try await question(household, of: first)
      // The whole of it, and nothing that is not allowed.
      #expect(asked.action.contains("mcp_server_time") && asked.action.contains("target_timezone"))
      #expect(!asked.action.contains("get_current_time"))
      try await answer(household, asked, true)
      try await end(household, first)
      let told = try await results(household, of: first)
      #expect(told.count == 4)
      #expect(told.first?.contains("T21:00:00+09:00") == true, "\(told)")
      #expect(told.dropFirst().first?.contains("arguments.convert_time.target_timezone") == true)
      #expect(told.dropFirst(2).first?.contains("no tool `time__get_current_time`") == true)
      let kinds = try await steps(household, of: first).filter {
        $0.intent.kind.hasPrefix("tool:time")
      }
      // The one that was denied has no effect.
      #expect(kinds.map(\.intent.body.count).filter { $0 > 2 }.count == 1)
      let second = try await household.assign("1ng2000000c2", settings)
      try await end(household, second)
      #expect(try await household.store.approvals(nil, of: second).isEmpty)
      #expect(try await results(household, of: second).first?.contains("T21:00") == true)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `tools that have changed are asked about again, before the work and within it`() async throws
  {
    let script = """
      [{"call":"words__say","with":{"a":1}},
       {"call":"ask","with":{"question":"Go on?"}},
       {"call":"words__say","with":{"a":2}},
       {"call":"done","with":{"summary":"said"}}]
      """
    try await Household.with(script) { household in
      let settings = household.settings(try words(household))
      let first = try await household.assign("1ng2000000d1", settings)
      let asked = try await question(household, of: first)
      #expect(asked.action.contains("Says it."))
      // It waits before it has a run, and still is known to lie here.
      let waiting = try #require(try await household.store.assignment(first))
      #expect(waiting.steps > 0 && Machine.has(waiting, state: household.home))
      #expect(!Machine.has(waiting, state: household.home + "/elsewhere"))
      try await answer(household, asked, true)
      // The agent's own question; meanwhile the server changes, and hides something.
      let own = try await question(household, of: first)
      #expect(own.action.contains("Go on?"))
      try says(household, "Says it.\u{200B}")
      _ = try await household.store.answer(
        own.id,
        ApprovalAnswer(isApproved: true, scope: .once, by: "a test", comment: nil, hash: own.hash)
      )
      let again = try await question(household, of: first)
      #expect(again.action.contains(#""hides_text":true"#) && again.hash != asked.hash)
      try await answer(household, again, false)
      try await end(household, first)
      let said = try await results(household, of: first)
      #expect(said.first?.contains(#"[{\"a\": 1}, false]"#) == true, "\(said)")
      #expect(said.first?.contains("an image, image/png") == true)
      #expect(said.dropFirst(2).first?.contains("has changed since") == true, "\(said)")
      // What the model was told at the start is what it is told at the end.
      let starts = try await steps(household, of: first).filter { $0.intent.kind == "start" }
      #expect(starts.count == 1 && starts[0].outcome?.body.contains("\u{200B}") == false)

      // Another assignment: another description, another question. Denied: it goes without.
      let second = try await household.assign("1ng2000000d2", settings)
      let other = try await question(household, of: second)
      #expect(other.hash == again.hash)
      try await answer(household, other, false)
      #expect(try await question(household, of: second).action.contains("Go on?"))
      let start = try await steps(household, of: second).first { $0.intent.kind == "start" }
      #expect(start?.outcome?.body.contains("left_out") == true)
      #expect(start?.outcome?.body.contains("words__say") == false)
      #expect(
        try await results(household, of: second).first?.contains("no tool `words__say`") == true
      )
    }
  }

  @Test(.timeLimit(.minutes(10)), arguments: ["opaque", "pure"])
  func `a server that dies in a call leaves it open, and its class settles it`(
    name: String
  ) async throws {
    let script = """
      [{"call":"words__say","with":{"die":true}},
       {"call":"words__say","with":{"a":2}},
       {"call":"done","with":{"summary":"said"}}]
      """
    try await Household.with(script) { household in
      let policy = try words(household, "    class: { say: \(name) }")
      let id = try await household.assign("1ng2000000e1", household.settings(policy))
      let asked = try await question(household, of: id)
      try await answer(household, asked, true)
      if name == "opaque" {
        let fate = try await question(household, of: id)
        #expect(fate.action.contains("fate") && fate.action.contains("die"))
        try await answer(household, fate, false)
        try await end(household, id)
        let said = try await results(household, of: id)
        #expect(said.first?.contains("may have been done in part") == true, "\(said)")
        #expect(said.dropFirst().first?.contains(#"{\"a\": 2}"#) == true, "\(said)")
      } else {
        // Called again as often as any step is, and given up.
        let end = try await household.wait(for: id, [.parked, .done, .failed])
        #expect(end.state == .parked, "\(end)")
        let step = try await steps(household, of: id).first { $0.intent.kind == "tool:words__say" }
        #expect(step?.attempts == StepRecovery.largestAttempts)
      }
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `a call whose worker is killed is made again under its key`() async throws {
    let script = """
      [{"call":"words__say","with":{"wait":true}},
       {"call":"done","with":{"summary":"said"}}]
      """
    try await Household.with(script) { household in
      let policy = try words(household, "    class: { \"s*\": keyed }")
      let hold = URL(filePath: household.home).deletingLastPathComponent().path + "/server/hold"
      try "held".write(toFile: hold, atomically: true, encoding: .utf8)
      let id = try await household.assign("1ng2000000f1", household.settings(policy))
      try await answer(household, try await question(household, of: id), true)
      while try await steps(household, of: id).last?.intent.kind != "tool:words__say" {
        await household.store.waitForChange(timeout: .milliseconds(100))
      }
      let hanging = Set(household.processes(naming: "words.py"))
      #expect(!hanging.isEmpty)
      for worker in household.workers { kill(worker, SIGKILL) }
      // It does not read its input, and yet it does not outlive who started it.
      let deadline = ContinuousClock.now + .seconds(20)
      while !hanging.isDisjoint(with: household.processes(naming: "words.py")),
        ContinuousClock.now < deadline
      {
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(hanging.isDisjoint(with: household.processes(naming: "words.py")))
      // In place: that a file is gone is not seen in a run that has looked for it.
      #expect(truncate(hold, 0) == 0)
      try await end(household, id)
      let step = try await steps(household, of: id).first { $0.intent.kind == "tool:words__say" }
      #expect(step?.attempts == 2)
      #expect(step?.outcome?.body.contains(#"[{\"wait\": true}, true]"#) == true, "\(step as Any)")
    }
  }
}
