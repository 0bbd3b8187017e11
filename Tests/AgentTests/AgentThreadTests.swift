import Dialects
import Journal
import Testing

@testable import Agent

struct AgentThreadTests {
  @Test func `an assignment without steps begins`() {
    #expect(Steps().thread().next == .start)
  }

  @Test func `what is open is settled before anything else`() {
    var steps = Steps.started
    steps.add(StepKind.model, nil, effect: .keyed)
    guard case .recover(let open) = steps.thread().next else {
      Issue.record("\(steps.thread().next)")
      return
    }
    #expect(open.map(\.intent.sequence) == [2])
  }

  @Test func `calls are answered in order, and then the model is asked`() {
    var steps = Steps.started
    #expect(steps.thread().next == .askModel)
    steps.answer([("bash", #"{"command":"a"}"#), ("read", #"{"path":"b"}"#)])
    #expect(steps.thread().next.tool == "bash")
    steps.result("bash", "out")
    #expect(steps.thread().next.tool == "read")
    steps.result("read", "text")
    #expect(steps.thread().next == .askModel)
  }

  @Test func `each request begins as the one before did`() {
    var steps = Steps.started
    var before: [RawJSON] = []
    for round in 0..<20 {
      let messages = steps.thread().messages
      #expect(Array(messages.prefix(before.count)) == before)
      before = messages
      if round % 5 == 4 {
        steps.answer([])
        steps.add(StepKind.tell, #"{"message":{"role":"user","content":"go on"}}"#)
      } else {
        steps.answer([("bash", "{}"), ("bash", "{}")])
        steps.result("bash", "\(round)")
        steps.result("bash", "\(round)")
      }
    }
    #expect(before.count == 2 + 16 * 3 + 3 * 2)
  }

  @Test func `who calls no tool is told so, and is given up after so many times`() {
    var steps = Steps.started
    for _ in 0..<4 {
      #expect(steps.thread().next == .askModel)
      steps.answer([])
      if case .tell = steps.thread().next {
        steps.add(StepKind.tell, #"{"message":{"role":"user","content":"go on"}}"#)
      }
    }
    guard case .finish(.failed, let reason) = steps.thread().next else {
      Issue.record("\(steps.thread().next)")
      return
    }
    #expect(reason.contains("4 times"))
    // Whoever resumes it grants as much again, and it still is told what it did wrong.
    steps.add(StepKind.givenUp, #"{"reason":"4 times"}"#)
    guard case .tell = steps.thread().next else {
      Issue.record("\(steps.thread().next)")
      return
    }
  }

  @Test func `work that is resumed after too many answers has as many again`() {
    var bounds = AgentSettings.Bounds()
    bounds.turns = 3
    var steps = Steps.started
    for round in 0..<2 {
      for _ in 0..<3 {
        #expect(steps.thread(bounds).next == .askModel, "in round \(round)")
        steps.answer([("bash", "{}")])
        steps.result("bash", "")
      }
      guard case .finish(.failed, _) = steps.thread(bounds).next else {
        Issue.record("\(steps.thread(bounds).next)")
        return
      }
      steps.add(StepKind.givenUp, #"{"reason":"not done"}"#)
    }
  }

  @Test func `mistakes in a row end with one call that is none`() {
    var steps = Steps.started
    for round in 0..<12 {
      steps.answer([("bash", "nonsense")])
      steps.result("bash", "cannot be read", isMistake: round % 4 != 3)
    }
    #expect(steps.thread().next == .askModel)
  }

  @Test func `it ends when the agent says that it is done, or after too many answers`() {
    var steps = Steps.started
    steps.answer([("done", #"{"summary":"fine"}"#)])
    steps.result("done", "fine")
    #expect(steps.thread().next == .finish(.done, "fine"))
    var bounds = AgentSettings.Bounds()
    bounds.turns = 1
    var long = Steps.started
    long.answer([("bash", "{}")])
    long.result("bash", "")
    guard case .finish(.failed, _) = long.thread(bounds).next else {
      Issue.record("\(long.thread(bounds).next)")
      return
    }
  }

  @Test func `a full window is shortened, and no result stands without its call`() throws {
    var bounds = AgentSettings.Bounds()
    bounds.window = 1_000
    var steps = Steps.started
    for round in 0..<8 {
      steps.answer([("bash", "{}"), ("read", "{}")], tokens: 100 * (round + 1))
      steps.result("bash", "b\(round)")
      steps.result("read", "r\(round)")
    }
    #expect(steps.thread(bounds).next == .shorten)
    steps.add(StepKind.shorten, #"{"summary":"so far"}"#)
    let thread = steps.thread(bounds)
    #expect(thread.next == .askModel)
    let roles = thread.messages.map { $0.json?["role"]?.string ?? "" }
    #expect(Array(roles.prefix(4)) == ["system", "user", "user", "assistant"])
    #expect(thread.messages[2].text.contains("so far"))
    #expect(thread.messages.count == 3 + 4 * 3)
    var known: Set<String> = []
    for message in thread.messages {
      if let calls = message.json?["tool_calls"] {
        for call in calls.elements { known.insert(call["id"]?.string ?? "") }
      }
      if let id = message.json?["tool_call_id"]?.string { #expect(known.contains(id)) }
    }
    // And again, later.
    for round in 0..<8 {
      steps.answer([("bash", "{}")], tokens: 100 * (round + 1))
      steps.result("bash", "x\(round)")
    }
    #expect(steps.thread(bounds).next == .shorten)
    steps.add(StepKind.shorten, #"{"summary":"once more"}"#)
    #expect(steps.thread(bounds).messages.count == 3 + 4 * 2)
  }

  @Test func `steps that came to nothing leave no message`() {
    var steps = Steps.started
    steps.add(StepKind.model, #"{"text":"lost"}"#, .interrupted, effect: .keyed)
    steps.add(StepKind.permission, #"{"state":"denied"}"#)
    #expect(steps.thread().messages.count == 2)
    #expect(steps.thread().next == .askModel)
  }
}

extension AgentThread.Next {
  fileprivate var tool: String? {
    if case .call(let call) = self { return call.name }
    return nil
  }
}
