extension Anthropic {
  /// How a request's wish for thoughts is written.
  struct ThinkingPlan {
    enum Kind {
      case off
      case budget(Int)
      case adaptive
      /// Said by the effort alone.
      case unsaid
    }

    var kind: Kind
    var effort: String?

    var isOn: Bool {
      switch kind {
      case .budget, .adaptive: true
      case .off, .unsaid: false
      }
    }
  }

  static func thinking(
    _ request: ChatRequest,
    _ tokens: Int,
    _ options: TranslationOptions,
    _ list: inout LossList
  ) -> ThinkingPlan? {
    guard let reasoning = request.reasoning else { return nil }
    if request.origin == dialect { return ownThinking(reasoning) }
    if reasoning.amount == .off { return nil }
    if isForced(request.toolChoice) {
      list.addHint("reasoning", "the model cannot think where a tool is forced")
      return nil
    }
    // Without its own thoughts back, a model in the middle of calling tools refuses to think.
    if lacksThoughts(request.messages) {
      list.addHint("reasoning", "the thoughts before the last tool call are not in the request")
      return nil
    }
    if options.usesAdaptiveThinking {
      return ThinkingPlan(kind: .adaptive, effort: effort(reasoning.effort))
    }
    let budget = min(reasoning.budget ?? 8192, tokens - 1)
    guard budget >= 1024 else {
      list.addHint("reasoning", "max_tokens leaves less than the 1,024 tokens that thinking needs")
      return nil
    }
    return ThinkingPlan(kind: .budget(budget))
  }

  private static func ownThinking(_ reasoning: Reasoning) -> ThinkingPlan {
    // The kind as it was written is among the rest.
    let isWritten = reasoning.rest["type"] != nil
    return switch reasoning.amount {
    case .off: ThinkingPlan(kind: .off)
    case .budget(let tokens): ThinkingPlan(kind: .budget(tokens))
    case .adaptive: ThinkingPlan(kind: .adaptive)
    case .effort(let effort): ThinkingPlan(kind: isWritten ? .adaptive : .unsaid, effort: effort)
    }
  }

  private static func effort(_ effort: String?) -> String? {
    switch effort {
    case "minimal": "low"
    case "low", "medium", "high", "xhigh", "max": effort
    default: nil
    }
  }

  private static func isForced(_ choice: ToolChoice?) -> Bool {
    switch choice {
    case .required, .function: true
    default: false
    }
  }

  private static func lacksThoughts(_ messages: [Message]) -> Bool {
    guard let last = messages.last, last.role == .tool || last.parts.contains(where: isResult),
      let turn = messages.last(where: { $0.role == .assistant })
    else { return false }
    return !turn.parts.contains { part in
      guard case .thinking(let thinking) = part.kind else { return false }
      return thinking.isBound && thinking.dialect == dialect
    }
  }

  private static func isResult(_ part: Part) -> Bool {
    if case .toolResult = part.kind { true } else { false }
  }

  static func encode(_ plan: ThinkingPlan, _ request: ChatRequest, _ json: inout JSONWriter) {
    let rest = request.reasoning?.rest ?? Rest()
    if case .unsaid = plan.kind { return }
    json.object("thinking") {
      if rest.dialect != dialect {
        switch plan.kind {
        case .off, .unsaid: $0.string("type", "disabled")
        case .budget: $0.string("type", "enabled")
        case .adaptive: $0.string("type", "adaptive")
        }
      }
      $0.rest(rest, of: dialect)
      if case .budget(let tokens) = plan.kind { $0.int("budget_tokens", tokens) }
    }
  }
}
