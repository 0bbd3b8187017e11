import Foundation
import Journal
import NIOHTTP1
import Testing
import WorkWire

@testable import Console
@testable import Delegation

/// The daemon's API over its socket.
@Suite(.timeLimit(.minutes(2))) struct ConsoleTests {
  @Test func `what is given is listed, shown, stopped and resumed`() async throws {
    try await TestConsole.with { console in
      let given = try await console.ask(.POST, "/v1/assignments", try console.order())
      #expect(given.status == 201 && given.object["state"] as? String == "queued")
      let id = try #require(given.object["id"] as? String)
      let list = try await console.ask(.GET, "/v1/assignments?state=queued,running&limit=5")
      let rows = try JSONSerialization.jsonObject(with: list.body) as? [[String: Any]]
      #expect(rows?.count == 1 && rows?[0]["id"] as? String == id)
      for name in [id, String(id.prefix(8)), "last"] {
        let shown = try await console.ask(.GET, "/v1/assignments/\(name)")
        let assignment = shown.object["assignment"] as? [String: Any]
        #expect(shown.status == 200 && assignment?["id"] as? String == id)
      }
      let stopped = try await console.ask(.POST, "/v1/assignments/\(id)/stop")
      #expect(stopped.object["state"] as? String == "stopped")
      #expect((stopped.object["reason"] as? String)?.contains("by the daemon's socket") == true)
      let resumed = try await console.ask(.POST, "/v1/assignments/\(id)/resume")
      #expect(resumed.object["state"] as? String == "queued")
      let again = try await console.ask(.POST, "/v1/assignments/\(id)/resume")
      #expect(again.status == 409 && again.kind == "conflict")
    }
  }

  @Test(
    arguments: [
      (.GET, "/", 404, "unknown"), (.GET, "/v1", 404, "unknown"),
      (.GET, "/v2/assignments", 404, "unknown"), (.GET, "/v1/nothing", 404, "unknown"),
      (.GET, "/v1/assignments/", 404, "unknown"), (.GET, "/v1/assignments/../x", 404, "unknown"),
      (.GET, "/v1/assignments/%2e%2e", 404, "unknown"),
      (.GET, "/v1/assignments/zzzz", 404, "unknown"),
      (.GET, "/v1/approvals/zzzz.1", 404, "unknown"),
      (.DELETE, "/v1/schedules/zzzz", 404, "unknown"),
      (.PUT, "/v1/assignments", 405, "method"), (.DELETE, "/v1/assignments/last", 405, "method"),
      (.GET, "/v1/assignments/last/stop", 405, "method"),
      (.GET, "/v1/assignments?limit=0", 400, "invalid"),
      (.GET, "/v1/assignments?limit=99999999999999999999", 400, "invalid"),
      (.GET, "/v1/assignments?state=gone", 400, "invalid"),
      (.GET, "/v1/assignments?foo=1", 400, "invalid"),
      (.GET, "/v1/assignments?limit=1&limit=2", 400, "invalid"),
      (.GET, "/v1/assignments/last/steps?after=-1", 400, "invalid"),
      (.GET, "/v1/approvals?state=maybe", 400, "invalid"), (.GET, "/v1/health?x", 400, "invalid"),
    ] as [(HTTPMethod, String, Int, String)]
  )
  func `what is no request is refused with its kind`(
    method: HTTPMethod,
    path: String,
    status: Int,
    kind: String
  ) async throws {
    try await TestConsole.with { console in
      let answer = try await console.ask(method, path)
      #expect(answer.status == status && answer.kind == kind, "\(answer.message ?? "")")
    }
  }

  @Test(
    arguments: [
      ("text", "  \n", 400), ("text", nil, 400), ("text", 7, 400),
      ("text", String(repeating: "x", count: 100_001), 413), ("directory", "relative", 400),
      ("directory", "/no/such/place", 400), ("directory", "/proc/self/cwd", 400),
      ("directory", "/a\u{0}b", 400), ("model", "", 400),
      ("model", "a\nb", 400), ("policy", "version: 2", 400), ("policy", "", 400),
      ("policy", "version: 1\napprovals: [{ when: push }]", 422),
      ("policy", "version: 1\nmodels: { allow: [other] }", 422),
      ("policy", "version: 1\ntools: [{ mcp: git, allow: [a] }]", 422), ("agent", "codex", 422),
      ("budget", -1, 400), ("budget", 1.5, 400), ("budget", "2.00", 400),
      ("workspace", "copy", 400), ("patience", 0, 400),
      ("turns", 0, 400), ("turns", 10_001, 400), ("start", -1, 400), ("every", 60, 400),
      ("key", "", 400), ("kez", "x", 400),
    ] as [(String, (any Sendable)?, Int)]
  )
  func `an order that cannot be kept is refused`(
    key: String,
    value: (any Sendable)?,
    status: Int
  ) async throws {
    try await TestConsole.with { console in
      let order = try console.order([key: value ?? NSNull()])
      let answer = try await console.ask(.POST, "/v1/assignments", order)
      #expect(answer.status == status, "\(answer.message ?? "")")
      #expect(answer.message?.isEmpty == false)
      let list = try await console.ask(.GET, "/v1/assignments")
      #expect(list.body == Data("[]\n".utf8))
    }
  }

  @Test func `the mode that was asked for is the one on record`() async throws {
    try await TestConsole.with { console in
      let id = try await console.assign(["workspace": "direct"])
      let shown = try await console.ask(.GET, "/v1/assignments/\(id)")
      #expect((shown.object["policy"] as? String)?.contains("workspace: { mode: direct }") == true)
    }
  }

  @Test func `the same key given twice is one assignment`() async throws {
    try await TestConsole.with { console in
      let first = try await console.assign(["key": "k"])
      #expect(try await console.assign(["key": "k"]) == first)
      #expect(try await console.assign(["key": "l"]) != first)
    }
  }

  @Test func `an answer is bound to what was shown`() async throws {
    try await TestConsole.with { console in
      let id = try await console.assign()
      let hash = String(repeating: "ab", count: 32)
      let worker = WorkerIdentity(host: "h", process: .current())
      let request = LeaseRequest(worker: worker, duration: 60_000_000, limit: 1) { _ in .alive }
      let lease = try #require(try await console.store.lease(request).first)
      let question = NewApproval(
        number: 1,
        hash: hash,
        action: #"{"kind":"question","question":"Which?"}"#,
        scope: .once,
        expires: nil
      )
      try await console.store.commit(
        [.ask(question), .wait(for: "\(id).1", wake: nil)],
        under: lease
      )
      let shown = try await console.ask(.GET, "/v1/approvals/last")
      #expect(shown.object["hash"] as? String == hash)
      #expect((shown.object["action"] as? [String: Any])?["question"] as? String == "Which?")
      func answer(_ body: String) async throws -> TestConsole.Answer {
        try await console.ask(.POST, "/v1/approvals/\(id.prefix(9)).1", body)
      }
      let other = String(repeating: "cd", count: 32)
      #expect(try await answer(#"{"approved":true,"hash":"\#(other)"}"#).status == 409)
      #expect(try await answer(#"{"approved":true}"#).status == 400)
      #expect(try await answer(#"{"approved":1,"hash":"\#(hash)"}"#).status == 400)
      let wide = #"{"approved":true,"hash":"\#(hash)","scope":"always"}"#
      #expect(try await answer(wide).status == 409)
      let right = try await answer(#"{"approved":true,"hash":"\#(hash)","comment":"b"}"#)
      #expect(right.object["state"] as? String == "approved")
      #expect(try await answer(#"{"approved":true,"hash":"\#(hash)"}"#).status == 409)
      #expect(try await console.store.assignment(id)?.state == .queued)
    }
  }

  @Test func `a schedule is made, listed and removed`() async throws {
    try await TestConsole.with { console in
      let order = try console.order(["every": 3_600])
      let made = try await console.ask(.POST, "/v1/schedules", order)
      #expect(made.status == 201 && made.object["every"] as? Int == 3_600_000_000)
      let id = try #require(made.object["id"] as? String)
      #expect(try await console.ask(.DELETE, "/v1/schedules/\(id)").status == 200)
      #expect(try await console.ask(.GET, "/v1/schedules").body == Data("[]\n".utf8))
    }
  }

  @Test func `who waits for news is told at once`() async throws {
    try await TestConsole.with { console in
      let id = try await console.assign()
      let first = try await console.ask(.GET, "/v1/assignments/\(id)/steps?wait=0")
      let mark = try #require(first.object["mark"] as? String)
      let began = ContinuousClock.now
      async let news = console.ask(.GET, "/v1/assignments/\(id)/steps?wait=50&seen=\(mark)")
      while !console.service.changes.hasWaiting { try await Task.sleep(for: .milliseconds(1)) }
      _ = try await console.ask(.POST, "/v1/assignments/\(id)/stop")
      let assignment = try await news.object["assignment"] as? [String: Any]
      #expect(assignment?["state"] as? String == "stopped")
      #expect(ContinuousClock.now - began < .seconds(20))
    }
  }

  @Test func `nobody waits for a client that went away`() async throws {
    try await TestConsole.with { console in
      let id = try await console.assign()
      let first = try await console.ask(.GET, "/v1/assignments/\(id)/steps?wait=0")
      let mark = try #require(first.object["mark"] as? String)
      let gone = Task {
        try await console.ask(.GET, "/v1/assignments/\(id)/steps?wait=50&seen=\(mark)")
      }
      while !console.service.changes.hasWaiting { try await Task.sleep(for: .milliseconds(1)) }
      gone.cancel()
      _ = await gone.result
      // A waiter comes back by itself after each second's change; one that is gone does not.
      var quiet = 0
      for _ in 0..<2_000 where quiet < 300 {
        quiet = console.service.changes.hasWaiting ? 0 : quiet + 1
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(quiet == 300)
    }
  }
}
