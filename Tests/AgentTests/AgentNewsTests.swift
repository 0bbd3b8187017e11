import ACP
import Journal
import Testing

@testable import Agent

/// What an agent tells, as steps.
struct AgentNewsTests {
  private struct Teller {
    var log = StepLog([])
    var news = AgentNews()

    mutating func tell(_ updates: SessionUpdate...) {
      for update in updates { news.note(update, in: &log) }
    }

    var steps: [String] {
      log.records.map { "\($0.intent.kind) \($0.intent.body) \($0.outcome?.status.rawValue ?? "")" }
    }
  }

  @Test func `messages and thoughts are steps once they are whole`() {
    var teller = Teller()
    teller.tell(.thought(.text("I ")), .thought(.text("think")), .message(.text("so ")))
    teller.tell(.message(.text("it is")), .message(.text("  \n")))
    #expect(teller.steps == [#"agent:said {"text":"I think","thought":true} done"#])
    teller.news.finish(in: &teller.log)
    #expect(teller.steps.last == #"agent:said {"text":"so it is"} done"#)
    #expect(teller.news.message == "so it is")
    teller.tell(.message(.text(" \n")))
    teller.news.end(in: &teller.log)
    #expect(teller.steps.count == 2)
  }

  @Test func `a use of a tool is one step from its beginning to its end`() {
    var teller = Teller()
    teller.tell(
      .message(.text("before")),
      .toolCall(ToolCallReport(id: "t", title: "Look", kind: "read", status: "pending")),
      .toolCallUpdate(ToolCallReport(id: "t", title: "Look", status: "in_progress")),
      .toolCallUpdate(ToolCallReport(id: "t", title: "Look", status: "failed")),
      .toolCall(ToolCallReport(id: "u", title: "Hang", status: "pending")),
      .message(.text("after"))
    )
    teller.news.end(in: &teller.log)
    #expect(
      teller.steps == [
        #"agent:said {"text":"before"} done"#,
        #"agent:tool {"title":"Look","tool":"read"} failed"#, #"agent:tool {"title":"Hang"} done"#,
        #"agent:said {"text":"after"} done"#,
      ]
    )
    #expect(teller.news.message == "after")
  }

  @Test func `a plan is told where it has changed`() {
    var teller = Teller()
    let plan = [SessionUpdate.PlanEntry(content: "mend", status: "in_progress")]
    teller.tell(.plan(plan), .plan(plan), .plan([]))
    #expect(
      teller.steps == [
        #"agent:plan {"text":"[>] mend"} done"#, #"agent:plan {"text":""} done"#,
      ]
    )
  }

  @Test func `what an agent tells without end makes steps up to a bound`() {
    var teller = Teller()
    for number in 0..<3_000 {
      teller.tell(
        .toolCall(ToolCallReport(id: "\(number)", title: "t", status: "completed")),
        .message(.text("m"))
      )
    }
    teller.news.end(in: &teller.log)
    #expect(teller.steps.count == AgentNews.mostSteps)
    teller = Teller()
    teller.tell(.message(.text(String(repeating: "x", count: 3 * AgentNews.longestPiece))))
    teller.tell(.message(.text("y")))
    teller.news.end(in: &teller.log)
    #expect(teller.steps.allSatisfy { $0.utf8.count <= 2 * AgentNews.longestPiece })
    #expect(teller.news.message.utf8.count <= AgentNews.longestPiece)
  }
}
