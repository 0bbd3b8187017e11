import Agent
import Dialects
import Journal

/// Steps as a worker would have left them.
struct Steps {
  private(set) var records: [StepRecord] = []

  static let started = {
    var steps = Steps()
    steps.add(
      StepKind.start,
      #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"tools":[]}"#
    )
    return steps
  }()

  mutating func add(
    _ kind: String,
    _ outcome: String?,
    _ status: StepOutcome.Status = .done,
    effect: EffectClass = .pure
  ) {
    records.append(
      StepRecord(
        intent: StepIntent(
          sequence: records.count + 1,
          kind: kind,
          effect: effect,
          hash: String(repeating: "0", count: 64),
          body: "{}"
        ),
        outcome: outcome.map { StepOutcome(status, body: $0) },
        attempts: 1,
        begun: 0,
        ended: outcome.map { _ in 0 }
      )
    )
  }

  /// An answer that calls these tools.
  mutating func answer(_ calls: [(name: String, arguments: String)], tokens: Int = 10) {
    let body = JSONWriter.object { writer in
      writer.int("answer_tokens", 0)
      writer.object("message") { message in
        message.string("role", "assistant")
        message.null("content")
        if calls.isEmpty { return }
        message.array("tool_calls") { list in
          for (place, call) in calls.enumerated() {
            list.object { item in
              item.string("id", "c\(records.count)_\(place)")
              item.string("type", "function")
              item.object("function") { function in
                function.string("name", call.name)
                function.string("arguments", call.arguments)
              }
            }
          }
        }
      }
      writer.int("prompt_tokens", tokens)
    }
    add(StepKind.model, String(decoding: body, as: UTF8.self), effect: .keyed)
  }

  mutating func result(_ name: String, _ text: String, isMistake: Bool = false) {
    let body = JSONWriter.object { writer in
      if isMistake { writer.bool("mistake", true) }
      writer.string("text", text)
    }
    add(StepKind.toolPrefix + name, String(decoding: body, as: UTF8.self))
  }

  func thread(_ bounds: AgentSettings.Bounds = .init()) -> AgentThread {
    AgentThread(records, bounds: bounds)
  }
}
