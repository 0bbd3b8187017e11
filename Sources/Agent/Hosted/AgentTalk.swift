import ACP
import Journal
import JSONRPC

/// One talk with an agent that speaks ACP, as far as it has come.
struct AgentTalk {
  /// A question of the agent that a person is asked.
  struct Question {
    let ticket: ACPTicket
    let request: PermissionRequest
    let sequence: Int
  }

  var session: ACPClientSession
  var reader: LineReader
  var news = AgentNews()
  var questions: [Question] = []
  /// Questions by now, answered or not.
  var asked = 0
  var untold: UntoldAnswers
  var deadlines: [ACPDeadline: ContinuousClock.Instant] = [:]
  private(set) var end: ACPEnd?
  /// When its process is made to end, once it is over.
  private(set) var leaveBy: ContinuousClock.Instant?

  /// How long its process may take to end by itself.
  private static let leaving = Duration.seconds(3)

  init(_ session: ACPClientSession, untold: UntoldAnswers) {
    self.session = session
    self.untold = untold
    reader = LineReader(bound: session.options.bounds.length)
  }

  mutating func hear(_ bytes: [UInt8]) -> [ACPClientAction] {
    guard end == nil else { return [] }
    do {
      return try reader.receive(bytes).flatMap { session.receive($0) }
    } catch {
      return session.broken(error)
    }
  }

  /// The times that have passed.
  mutating func advance(_ now: ContinuousClock.Instant) -> [ACPClientAction] {
    let due = deadlines.filter { $0.value <= now }.map(\.key)
    return due.flatMap { deadline in
      deadlines[deadline] = nil
      return session.expired(deadline)
    }
  }

  mutating func finish(_ end: ACPEnd) {
    self.end = end
    leaveBy = .now + Self.leaving
    deadlines = [:]
  }

  /// Its process is asked to end once.
  mutating func isToLeave(_ now: ContinuousClock.Instant) -> Bool {
    guard let moment = leaveBy, moment <= now else { return false }
    leaveBy = nil
    return true
  }
}

extension SessionUpdate {
  /// For the log of the agent's output.
  var line: String {
    switch self {
    case .message(let block), .thought(let block): block.words
    case .toolCall(let report), .toolCallUpdate(let report):
      "\n[\(report.status ?? "tool"): \(report.title ?? report.id)]\n"
    case .plan(let entries):
      "\n[plan: \(entries.map(\.content).joined(separator: "; "))]\n"
    case .userMessage, .other: ""
    }
  }
}
