package import Dialects
package import Journal

/// What an agent's steps come to: the messages of its next request, and what is to be done next.
///
/// A function of what is on record. Messages are only ever added, so that each request begins as the
/// one before did, but where a summary takes the place of what it sums up.
package struct AgentThread: Sendable {
  /// What is to be done next.
  package enum Next: Sendable, Equatable {
    /// Pin what the agent is told, and with which tools it works.
    case start
    /// Settle what a worker that died has left open.
    case recover([StepRecord])
    case askModel
    /// Put a summary in the place of the older part.
    case shorten
    case call(ToolCall)
    /// Tell the model what it did wrong.
    case tell(String)
    case finish(Assignment.State, String)
  }

  package let next: Next
  /// The messages of a request, each as JSON.
  package private(set) var messages: [RawJSON] = []
  /// The tools as they were pinned at the start.
  package private(set) var tools: RawJSON?
  package private(set) var turns = 0
  /// Tokens of the newest request and its answer.
  package private(set) var tokens = 0

  /// - Parameter steps: all of them, in order.
  package init(_ steps: [StepRecord], bounds: AgentSettings.Bounds) {
    var reader = ThreadReader()
    for step in steps { reader.read(step) }
    messages = reader.messages
    tools = reader.tools
    turns = reader.turns
    tokens = reader.tokens
    next = Self.next(reader, bounds)
  }

  private static func next(_ thread: ThreadReader, _ bounds: AgentSettings.Bounds) -> Next {
    if !thread.open.isEmpty { return .recover(thread.open) }
    guard thread.hasStarted else { return .start }
    if let summary = thread.summary { return .finish(.done, summary) }
    if let call = thread.waiting.first { return .call(call) }
    if thread.mistakes >= bounds.mistakes {
      return .finish(
        .failed,
        "the model called no tool, or called one wrongly, \(thread.mistakes) times in a row"
      )
    }
    if thread.turns - thread.turnsBefore >= bounds.turns {
      return .finish(.failed, "the work was not done after \(thread.turns) answers of the model")
    }
    if let rebuke = thread.rebuke { return .tell(rebuke) }
    if thread.tokens > bounds.window / 4 * 3, thread.canBeShortened { return .shorten }
    return .askModel
  }
}

/// Reads steps in order.
private struct ThreadReader {
  var messages: [RawJSON] = []
  var tools: RawJSON?
  var hasStarted = false
  var open: [StepRecord] = []
  /// Calls of the newest answer that have no result yet.
  var waiting: [ToolCall] = []
  var turns = 0
  /// Those that had been taken when the work was last given up.
  var turnsBefore = 0
  var mistakes = 0
  var tokens = 0
  /// What the model is to be told before it is asked again.
  var rebuke: String?
  /// What the agent said when it was done.
  var summary: String?
  /// How many messages stand before the work: what the agent was told.
  private var opening = 0
  /// Where each turn begins, as a place in `messages`.
  private var beginnings: [Int] = []
  private var isMistaken = false

  var canBeShortened: Bool { beginnings.count > ThreadReader.kept + 1 }
  /// Turns that are kept word for word when the rest is summed up.
  static let kept = 4

  mutating func read(_ step: StepRecord) {
    guard let outcome = step.outcome else {
      open.append(step)
      return
    }
    let body = try? JSONDocument.object(Array(outcome.body.utf8), bounds: .answer)
    switch step.intent.kind {
    case StepKind.start:
      guard let body, outcome.status == .done else { return }
      hasStarted = true
      tools = body["tools"]?.raw
      messages = (body["messages"] ?? body).elements.map(\.raw)
      opening = messages.count
    case StepKind.model:
      guard outcome.status == .done, let answer = ModelAnswer(outcome: outcome.body) else { return }
      read(answer)
    case StepKind.tell:
      if let message = body?["message"] { messages.append(message.raw) }
      rebuke = nil
    case StepKind.givenUp:
      turnsBefore = turns
      mistakes = 0
    case StepKind.shorten:
      guard outcome.status == .done, let summary = body?["summary"]?.string else { return }
      shorten(to: summary)
    case let kind where kind.hasPrefix(StepKind.toolPrefix):
      read(result: outcome, body)
    default: break
    }
  }

  private mutating func read(_ answer: ModelAnswer) {
    turns += 1
    tokens = answer.promptTokens + answer.answerTokens
    beginnings.append(messages.count)
    messages.append((try? RawJSON(parsing: answer.message)) ?? Message.assistant(answer))
    waiting = answer.calls
    isMistaken = true
    if answer.calls.isEmpty {
      mistakes += 1
      rebuke =
        answer.finish == "length"
        ? "Your answer was cut off at its greatest length. Go on with a tool call, in smaller pieces."
        : "Go on with a tool call. If the work is finished, call `done` and say what you did."
    }
  }

  private mutating func read(result outcome: StepOutcome, _ body: JSON?) {
    guard !waiting.isEmpty else { return }
    let call = waiting.removeFirst()
    let text = body?["text"]?.string ?? ""
    messages.append(Message.tool(text, answering: call.id))
    if body?["mistake"]?.bool != true { isMistaken = false }
    if call.name == ToolName.done, outcome.status == .done { summary = text }
    if waiting.isEmpty { mistakes = isMistaken ? mistakes + 1 : 0 }
  }

  /// Keeps what the agent was told and the newest turns, from an answer of the model on, so that no
  /// result stands without its call.
  private mutating func shorten(to summary: String) {
    guard canBeShortened else { return }
    let cut = beginnings[beginnings.count - Self.kept]
    let tail = messages[cut...]
    beginnings = beginnings.suffix(Self.kept).map { $0 - cut + opening + 1 }
    messages = messages[..<opening] + [Message.user(summary)] + tail
    tokens = 0
  }
}
