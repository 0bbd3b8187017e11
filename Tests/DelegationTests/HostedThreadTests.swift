import Journal
import Policy
import Testing

@testable import Agent

/// What is next for an agent that is run as a whole, worked out from its steps alone.
struct HostedThreadTests {
  private func step(
    _ sequence: Int,
    _ kind: String,
    _ status: StepOutcome.Status?
  ) -> StepRecord {
    StepRecord(
      intent: StepIntent(sequence: sequence, kind: kind, effect: .contained, hash: "", body: "{}"),
      outcome: status.map { StepOutcome($0, body: #"{"text":"said"}"#) },
      attempts: 1,
      begun: 0,
      ended: status == nil ? nil : 1
    )
  }

  private func next(
    _ statuses: [StepOutcome.Status?],
    settled: Int? = nil,
    startsAgain: Bool = false
  ) -> HostedThread.Next {
    let steps = statuses.enumerated().map { step($0 + 2, StepKind.agent, $1) }
    return HostedThread(
      [step(1, StepKind.start, .done)] + steps,
      settled: settled,
      startsAgain: startsAgain
    ).next
  }

  @Test
  func `one that was interrupted while a person was asked goes on with the answer, not for ever`() {
    func next(_ count: Int) -> HostedThread.Next {
      let steps = (0..<count).map { step($0 + 2, StepKind.agent, .interrupted) }
      return HostedThread(
        [step(1, StepKind.start, .done)] + steps,
        settled: nil,
        wasAsking: true,
        startsAgain: false
      ).next
    }
    #expect(next(1) == .run)
    #expect(next(HostedThread.mostRestarts) == .run)
    guard case .finish(.parked, _) = next(HostedThread.mostRestarts + 1) else {
      Issue.record("it goes on for ever")
      return
    }
  }

  @Test func `it is described first, then run, then ended as it ended`() {
    #expect(HostedThread([], settled: nil, startsAgain: false).next == .start)
    #expect(next([]) == .run)
    #expect(next([.done]) == .finish(.done, "said"))
    #expect(next([.failed]) == .finish(.failed, "said"))
    #expect(next([nil]) == .recover([step(2, StepKind.agent, nil)]))
  }

  @Test func `what had ended when the work was taken was resumed, unless it was done`() {
    #expect(next([.failed], settled: 2) == .run)
    #expect(next([.interrupted], settled: 2) == .run)
    #expect(next([.failed, .failed], settled: 2) == .finish(.failed, "said"))
    #expect(next([.done], settled: 2) == .finish(.done, "said"))
  }

  @Test func `it is begun again by itself where it may, and not for ever`() {
    guard case .finish(.parked, let reason) = next([.interrupted]) else {
      Issue.record("it is not set aside")
      return
    }
    #expect(reason.hasPrefix("said "))
    #expect(next([.interrupted], startsAgain: true) == .run)
    #expect(next([.failed], startsAgain: true) == .finish(.failed, "said"))
    #expect(next(Array(repeating: .interrupted, count: 3), startsAgain: true) == .run)
    guard
      case .finish(.parked, _) = next(Array(repeating: .interrupted, count: 4), startsAgain: true)
    else {
      Issue.record("it is begun again for ever")
      return
    }
  }

  @Test func `each word reaches the shell as one, whatever is in it`() throws {
    let agent = try AgentDefinition.parse(
      "version: 1\nname: x\ncommand: [x, $TASK]\n",
      file: "x",
      name: "x"
    )
    let command = HostedCommand(agent, .init(task: "it's $(a)\n; b", model: "m", workspace: "/w"))
    #expect(command.line == "exec 'x' 'it'\\''s $(a)\n; b' <'/dev/null'")
  }
}
