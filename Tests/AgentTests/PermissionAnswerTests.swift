import ACP
import Journal
import Testing

@testable import Agent

/// What an agent is told of a person's answer, and what is on record of it.
struct PermissionAnswerTests {
  private static let all = PermissionRequest(
    session: "s",
    toolCall: ToolCallReport(id: "t", title: "Mend it"),
    options: [
      PermissionOption(id: "A", name: "", kind: .allowAlways),
      PermissionOption(id: "a", name: "", kind: .allowOnce),
      PermissionOption(id: "R", name: "", kind: .rejectAlways),
      PermissionOption(id: "r", name: "", kind: .rejectOnce),
    ]
  )

  private static let wide = PermissionRequest(
    session: "s",
    toolCall: ToolCallReport(id: "t"),
    options: [PermissionOption(id: "A", name: "", kind: .allowAlways)]
  )

  @Test(
    arguments: [
      (.approved, .once, "a", "allow_once"), (.approved, .session, "A", "allow_always"),
      (.approved, .always, "A", "allow_always"), (.denied, nil, "r", "reject_once"),
      (.timedOut, nil, "r", "reject_once"), (.superseded, nil, "r", "reject_once"),
      (.noChannel, nil, "r", "reject_once"), (.pending, nil, "r", "reject_once"),
    ] as [(Approval.State, Approval.Scope?, String, String)]
  )
  func `each answer is told by one option`(
    state: Approval.State,
    given: Approval.Scope?,
    option: String,
    told: String
  ) {
    let answer = PermissionAnswer(state, given: given, comment: nil, to: Self.all)
    #expect(answer.outcome == .selected(option))
    #expect(answer.told == told)
    #expect(answer.stepOutcome().body == #"{"state":"\#(state.rawValue)","told":"\#(told)"}"#)
  }

  @Test(arguments: Approval.State.allCases)
  func `a yes for once never becomes a wider one, and a no never a yes`(state: Approval.State) {
    let answer = PermissionAnswer(state, given: .once, comment: nil, to: Self.wide)
    #expect(answer.outcome == .cancelled)
    #expect(answer.told == "cancelled")
  }

  private func asked(_ sequence: Int, _ hash: String, _ outcome: String?) -> StepRecord {
    StepRecord(
      intent: StepIntent(
        sequence: sequence,
        kind: StepKind.permission,
        effect: .pure,
        hash: hash,
        body: #"{"title":"Mend \#(hash)"}"#
      ),
      outcome: outcome.map { StepOutcome(.done, body: $0) },
      attempts: 1,
      begun: 0,
      ended: nil
    )
  }

  @Test func `an answer that no agent was told waits for the one that asks the same`() {
    let answers = UntoldAnswers([
      asked(1, "x", #"{"state":"approved","told":"allow_once"}"#),
      asked(2, "y", #"{"state":"approved"}"#), asked(3, "z", #"{"state":"timed-out"}"#),
      asked(4, "w", nil),
    ])
    #expect(answers.steps == ["y": 2])
    #expect(answers.newest == 3)
    #expect(answers.words.count == 1)
    #expect(answers.words.first?.contains("Mend y") == true)
  }

  @Test func `it is told once`() {
    let answers = UntoldAnswers([
      asked(1, "y", #"{"state":"denied"}"#),
      asked(2, "y", #"{"from":"step 1","state":"denied","told":"reject_once"}"#),
    ])
    #expect(answers.steps == [:])
    #expect(answers.words == [])
  }

  @Test func `the same action has the same hash whatever its ids, and another one has not`() {
    func hash(_ id: String, _ new: String, old: String? = "o") -> String {
      var call = ToolCallReport(id: id, title: "Mend it", kind: "edit")
      call.content = [.diff(path: "a.py", old: old, new: new)]
      let option = PermissionOption(id: id, name: "Yes", kind: .allowOnce)
      return Inquiry.toolCall(
        of: "x",
        PermissionRequest(session: id, toolCall: call, options: [option])
      ).hash
    }
    #expect(hash("1", "n") == hash("2", "n"))
    #expect(hash("1", "n") != hash("1", "m"))
    #expect(hash("1", "n") != hash("1", "n", old: nil))
  }
}
