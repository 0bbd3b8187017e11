import Dialects
import Journal
import Policy
import Testing

@testable import Agent

/// What is next for a plan, worked out from what is on record.
struct PlanThreadTests {
  /// What a worker would have written.
  private struct Record {
    var steps: [StepRecord] = []
    var standing: [String: PlanThread.Standing] = [:]

    mutating func add(_ kind: String, _ intent: [(String, String)], _ outcome: String?) {
      let body = JSONWriter.object { json in
        for (key, value) in intent {
          json.key(key)
          json.string(value)
        }
      }
      steps.append(
        StepRecord(
          intent: StepIntent(
            sequence: steps.count + 1,
            kind: kind,
            effect: .pure,
            hash: "",
            body: String(decoding: body, as: UTF8.self)
          ),
          outcome: outcome.map { StepOutcome(.done, body: $0) },
          attempts: 1,
          begun: 0,
          ended: 0
        )
      )
    }

    mutating func start() { add(StepKind.start, [], #"{"state":"given","head":"h0","paths":[]}"#) }

    mutating func begin(_ task: String, _ state: Assignment.State = .running) {
      add(StepKind.begin, [("task", task), ("child", "run-\(task)")], "{}")
      standing["run-\(task)"] = .init(state, reason: "said \(task)")
    }

    mutating func end(_ run: String, _ state: Assignment.State = .done) {
      standing[run] = .init(state, reason: "said so")
    }

    mutating func merge(_ task: String, _ head: String) {
      add(
        StepKind.merge,
        [("child", "run-\(task)")],
        #"{"state":"merged","head":"\#(head)","paths":["f"]}"#
      )
    }

    mutating func conflict(_ task: String, at head: String) {
      add(
        StepKind.merge,
        [("child", "run-\(task)")],
        #"{"state":"conflict","head":"\#(head)","paths":["f"],"marked":"m"}"#
      )
    }

    mutating func answer(_ task: String, _ state: String) {
      add(StepKind.permission, [("task", task)], #"{"state":"\#(state)","comment":"so"}"#)
    }
  }

  private static let chain = """
    version: 1
    tasks:
    - { name: a, task: A }
    - { name: b, task: B }
    - { name: c, task: C, after: [a] }
    """

  private func next(_ record: Record, _ plan: String = chain) throws -> PlanThread.Next {
    let plan = try PlanDocument.parse(plan, file: "p")
    return PlanThread(plan, record.steps) { record.standing[$0] }.next
  }

  @Test func `parts begin at once, and those that come after others at what is merged`() throws {
    var record = Record()
    #expect(try next(record) == .start)
    record.start()
    #expect(try next(record) == .begin("a", at: "h0"))
    record.begin("a")
    #expect(try next(record) == .begin("b", at: "h0"))
    record.begin("b")
    #expect(try next(record) == .wait(["run-a", "run-b"]))
    record.end("run-b")
    #expect(try next(record) == .merge("b", child: "run-b", settledBy: nil))
    record.merge("b", "h1")
    #expect(try next(record) == .wait(["run-a"]))
    record.end("run-a")
    #expect(try next(record) == .merge("a", child: "run-a", settledBy: nil))
    record.merge("a", "h2")
    #expect(try next(record) == .begin("c", at: "h2"))
    record.begin("c", .done)
    record.merge("c", "h3")
    #expect(try next(record) == .finish(.done, "a: done\nb: done\nc: done"))
  }

  @Test func `no more work at a time than the plan says`() throws {
    let plan = Self.chain.replacing("tasks:", with: "at-once: 1\ntasks:")
    var record = Record()
    record.start()
    record.begin("a")
    #expect(try next(record, plan) == .wait(["run-a"]))
    record.end("run-a")
    #expect(try next(record, plan) == .merge("a", child: "run-a", settledBy: nil))
  }

  @Test func `what is not merged is done when its agent is`() throws {
    let plan =
      "version: 1\ntasks:\n- { name: a, task: A, merge: false }\n- { name: b, task: B, after: [a] }\n"
    var record = Record()
    record.start()
    record.begin("a", .done)
    #expect(try next(record, plan) == .begin("b", at: "h0"))
  }

  @Test func `a step that a worker left open is settled first`() throws {
    var record = Record()
    record.start()
    record.begin("a", .done)
    record.add(StepKind.merge, [("child", "run-a")], nil)
    guard case .recover(let open) = try next(record) else {
      Issue.record("it is left open")
      return
    }
    #expect(open.count == 1)
  }

  @Test func `a person is asked about a conflict once nothing else goes on`() throws {
    var record = Record()
    record.start()
    record.begin("a", .done)
    record.merge("a", "h1")
    record.begin("b", .done)
    record.conflict("b", at: "h1")
    #expect(try next(record) == .begin("c", at: "h1"))
    record.begin("c")
    #expect(try next(record) == .wait(["run-c"]))
    record.end("run-c")
    #expect(try next(record) == .merge("c", child: "run-c", settledBy: nil))
    record.merge("c", "h2")
    // The branch has moved on: it is tried once more.
    #expect(try next(record) == .merge("b", child: "run-b", settledBy: nil))
    record.conflict("b", at: "h2")
    guard case .ask("b", let conflict) = try next(record) else {
      Issue.record("nobody is asked")
      return
    }
    #expect(conflict.child == "run-b" && conflict.attempts == 0)
    var denied = record
    denied.answer("b", "denied")
    let end = "a: done\nb: left out; its work stays in run run-b\nc: done"
    #expect(try next(denied) == .finish(.done, end))
    record.answer("b", "approved")
    #expect(try next(record) == .settle("b", conflict, advice: "so"))
    record.add(StepKind.settle, [("task", "b"), ("child", "run-s")], "{}")
    record.end("run-s", .running)
    #expect(try next(record) == .wait(["run-s"]))
    record.end("run-s")
    #expect(try next(record) == .merge("b", child: "run-b", settledBy: "run-s"))
    var unsettled = record
    unsettled.add(
      StepKind.merge,
      [("child", "run-b"), ("settled_by", "run-s")],
      #"{"state":"unsettled","head":"h2","paths":["f"],"text":"marks are left"}"#
    )
    guard case .ask("b", let again) = try next(unsettled) else {
      Issue.record("nobody is asked again")
      return
    }
    #expect(again.attempts == 1 && again.complaint == "marks are left")
    record.merge("b", "h3")
    #expect(try next(record) == .finish(.done, "a: done\nb: done\nc: done"))
  }

  @Test func `while a conflict is settled nothing else is merged`() throws {
    let plan = Self.chain.replacing("tasks:", with: "conflicts: agent\ntasks:")
    var record = Record()
    record.start()
    record.begin("a", .done)
    record.conflict("a", at: "h0")
    guard case .settle("a", _, nil) = try next(record, plan) else {
      Issue.record("the plan's agent is not given it")
      return
    }
    record.add(StepKind.settle, [("task", "a"), ("child", "run-s")], "{}")
    record.end("run-s", .running)
    #expect(try next(record, plan) == .begin("b", at: "h0"))
    record.begin("b", .done)
    #expect(try next(record, plan) == .wait(["run-s"]))
    // It did not: a person is asked, and not the agent again.
    record.end("run-s", .failed)
    #expect(try next(record, plan) == .merge("b", child: "run-b", settledBy: nil))
    record.merge("b", "h1")
    guard case .ask("a", let conflict) = try next(record, plan) else {
      Issue.record("nobody is asked")
      return
    }
    #expect(conflict.complaint == "run-s is failed: said so")
  }

  @Test func `a part that came to no good end sets the plan aside, and others go on`() throws {
    var record = Record()
    record.start()
    record.begin("a")
    record.end("run-a", .parked)
    #expect(try next(record) == .begin("b", at: "h0"))
    record.begin("b", .done)
    record.merge("b", "h1")
    guard case .finish(.parked, let reason) = try next(record) else {
      Issue.record("it is not set aside")
      return
    }
    #expect(reason.contains("a: run-a is parked: said so"))
    #expect(reason.contains("c: not begun"))
    // Somebody let it go on, and its agent with it.
    record.add(StepKind.pause, [], "{}")
    record.end("run-a", .queued)
    #expect(try next(record) == .wait(["run-a"]))
    record.end("run-a")
    #expect(try next(record) == .merge("a", child: "run-a", settledBy: nil))
  }

  @Test func `what was left out is asked anew when the plan is resumed`() throws {
    var record = Record()
    record.start()
    record.begin("b", .done)
    record.merge("b", "h1")
    record.begin("a", .done)
    record.conflict("a", at: "h1")
    record.answer("a", "denied")
    guard case .finish(.failed, _) = try next(record) else {
      Issue.record("c cannot be begun")
      return
    }
    record.add(StepKind.pause, [], "{}")
    guard case .ask("a", _) = try next(record) else {
      Issue.record("nobody is asked anew")
      return
    }
  }
}
