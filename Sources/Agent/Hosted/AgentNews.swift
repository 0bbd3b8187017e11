import ACP
import Dialects
import Journal

/// What an agent tells while it works, as steps on record: messages and thoughts when they are whole, its
/// plan where it has changed, and each use of a tool from its beginning to its end.
struct AgentNews {
  /// The newest message, or what there is of it.
  var message: String { Self.trimmed(newest) }
  private var newest = ""
  private var said = ""
  private var isThought = false
  private var plan: [SessionUpdate.PlanEntry] = []
  /// The step of a use of a tool that is under way.
  private var tools: [String: Int] = [:]
  private var steps = 0

  /// Steps of one stretch of work; what is told beyond that is in its log alone.
  static let mostSteps = 1_000
  /// Bytes of a message after which what follows is another step.
  static let longestPiece = 32_000
  private static let longestStep = 2 * longestPiece
  private static let longestTitle = 1_000
  private static let longestResult = 4_000

  /// What there is of a message from before a tool was used is not the last word any more.
  private var beginsMessage = true

  mutating func note(_ update: SessionUpdate, in log: inout StepLog) {
    switch update {
    case .message(let block): say(block.words, isThought: false, &log)
    case .thought(let block): say(block.words, isThought: true, &log)
    case .toolCall(let report), .toolCallUpdate(let report): note(report, &log)
    case .plan(let entries):
      finish(in: &log)
      guard entries != plan else { return }
      plan = entries
      record(StepKind.agentPlan, &log) { json in
        json.string(
          "text",
          entries.map { "\(Self.mark($0.status)) \($0.content)" }.joined(separator: "\n")
            .firstBytes(Self.longestPiece)
        )
      }
    case .userMessage, .other: break
    }
  }

  /// Nothing more is said for now: what was said is whole.
  mutating func finish(in log: inout StepLog) {
    defer { (said, beginsMessage) = ("", true) }
    guard said.contains(where: { !$0.isWhitespace }) else { return }
    let isThought = isThought
    // One piece may be as long as a message of the protocol: the log has it whole.
    let whole = Self.trimmed(said)
    let text =
      whole.utf8.count > Self.longestStep ? whole.firstBytes(Self.longestPiece) + " […]" : whole
    record(StepKind.agentSaid, &log) { json in
      json.string("text", text)
      if isThought { json.bool("thought", true) }
    }
  }

  /// The agent is over; what it left open was not ended by it.
  mutating func end(in log: inout StepLog) {
    finish(in: &log)
    for sequence in tools.values.sorted() {
      log.end(sequence, Self.outcome(.done, "It was not said how this ended."))
    }
    tools = [:]
  }

  // MARK: Messages

  private mutating func say(_ text: String, isThought: Bool, _ log: inout StepLog) {
    if isThought != self.isThought { finish(in: &log) }
    self.isThought = isThought
    said += text
    if !isThought, !beginsMessage || text.contains(where: { !$0.isWhitespace }) {
      newest = (beginsMessage ? text : newest + text).lastBytes(Self.longestPiece)
      beginsMessage = false
    }
    if said.utf8.count > Self.longestPiece { flushPiece(&log) }
  }

  /// A piece of a message that goes on.
  private mutating func flushPiece(_ log: inout StepLog) {
    let goesOn = !isThought
    finish(in: &log)
    if goesOn { beginsMessage = false }
  }

  /// Without empty lines around it.
  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    while text.first?.isNewline == true { text.removeFirst() }
    return String(text)
  }

  // MARK: Tools

  private mutating func note(_ report: ToolCallReport, _ log: inout StepLog) {
    finish(in: &log)
    let sequence: Int
    if let open = tools[report.id] {
      sequence = open
    } else {
      // Nothing is told of one that ended before, or that is not kept any more.
      guard steps < Self.mostSteps, report.title != nil else { return }
      steps += 1
      sequence = Self.begin(report, &log)
      tools[report.id] = sequence
    }
    switch report.status {
    case "completed": log.end(sequence, Self.outcome(.done, Self.result(report)))
    case "failed": log.end(sequence, Self.outcome(.failed, Self.result(report)))
    default: return
    }
    tools[report.id] = nil
  }

  private static func begin(_ report: ToolCallReport, _ log: inout StepLog) -> Int {
    let body = JSONWriter.object { json in
      json.string("title", (report.title ?? "").firstBytes(longestTitle))
      json.string("tool", ifAny: report.kind.map { $0.firstBytes(64) })
    }
    let text = String(decoding: body, as: UTF8.self)
    return log.begin(StepKind.agentTool, .pure, hash: Digest.text(body), body: text)
  }

  private static func result(_ report: ToolCallReport) -> String {
    let texts = (report.content ?? []).map { part in
      switch part {
      case .content(let block): block.words
      case .diff(let path, _, _): "changed \(path)"
      case .terminal, .other: ""
      }
    }
    return texts.filter { !$0.isEmpty }.joined(separator: "\n").firstBytes(longestResult)
  }

  // MARK: Steps

  private mutating func record(
    _ kind: String,
    _ log: inout StepLog,
    _ write: (inout JSONWriter) -> Void
  ) {
    guard steps < Self.mostSteps else { return }
    steps += 1
    Self.record(kind, &log, write)
  }

  /// A step that is over as it begins.
  static func record(
    _ kind: String,
    _ log: inout StepLog,
    _ write: (inout JSONWriter) -> Void
  ) {
    let body = JSONWriter.object(write)
    let text = String(decoding: body, as: UTF8.self)
    let sequence = log.begin(kind, .pure, hash: Digest.text(body), body: text)
    log.end(sequence, StepOutcome(.done, body: "{}"))
  }

  private static func outcome(_ status: StepOutcome.Status, _ text: String) -> StepOutcome {
    let body = JSONWriter.object { $0.string("text", text) }
    return StepOutcome(status, body: String(decoding: body, as: UTF8.self))
  }

  private static func mark(_ status: String) -> String {
    switch status {
    case "completed": "[x]"
    case "in_progress": "[>]"
    default: "[ ]"
    }
  }
}

extension String {
  /// Its beginning. What looks like one character may have any length, so that bytes are counted.
  func firstBytes(_ count: Int) -> String {
    utf8.count <= count ? self : String(decoding: utf8.prefix(count), as: UTF8.self)
  }

  /// Its end.
  func lastBytes(_ count: Int) -> String {
    utf8.count <= count ? self : String(decoding: utf8.suffix(count), as: UTF8.self)
  }
}
