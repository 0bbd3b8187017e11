import Delegation
import HTTPTypes
import Hummingbird
import Journal
import WorkWire

/// What a request asks for, by its method, path and query.
enum ConsoleCall: Sendable {
  case health, verification
  case assign
  case assignments(AssignmentQuery)
  case assignment(String)
  case steps(String, after: Int, wait: Int, seen: String?)
  case stop(String)
  case resume(String)
  case questions(Approval.State?, of: String?)
  case question(String)
  case answer(String)
  case schedules
  case schedule
  case removeSchedule(String)

  var hasBody: Bool {
    switch self {
    case .assign, .answer, .schedule: true
    default: false
    }
  }

  init(_ request: Request) throws(WorkProblem) {
    try self.init(
      method: request.method,
      path: request.uri.path,
      query: ConsoleQuery(request)
    )
  }

  init(
    method: HTTPRequest.Method,
    path: String,
    query: ConsoleQuery
  ) throws(WorkProblem) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map(String.init)
    guard parts.count >= 2, parts[0] == "v1", parts.allSatisfy(Self.isName) else {
      throw Self.noPath(path)
    }
    switch (method, parts[1], parts.count) {
    case (.get, "health", 2): self = .health
    case (.get, "verification", 2): self = .verification
    case (.post, "assignments", 2): self = .assign
    case (.get, "assignments", 2): self = .assignments(try query.assignments())
    case (.get, "assignments", 3): self = .assignment(parts[2])
    case (.get, "assignments", 4) where parts[3] == "steps":
      self = .steps(
        parts[2],
        after: try query.number("after") ?? 0,
        wait: try query.number("wait") ?? 0,
        seen: query["seen"]
      )
    case (.post, "assignments", 4) where parts[3] == "stop": self = .stop(parts[2])
    case (.post, "assignments", 4) where parts[3] == "resume": self = .resume(parts[2])
    case (.get, "approvals", 2):
      self = .questions(try query.state(), of: query["assignment"])
    case (.get, "approvals", 3): self = .question(parts[2])
    case (.post, "approvals", 3): self = .answer(parts[2])
    case (.get, "schedules", 2): self = .schedules
    case (.post, "schedules", 2): self = .schedule
    case (.delete, "schedules", 3): self = .removeSchedule(parts[2])
    default:
      throw Self.isPath(parts)
        ? WorkProblem(.method, "\(path) does not take that method") : Self.noPath(path)
    }
    try query.refuseUnknown(self)
  }

  private static func isPath(_ parts: [String]) -> Bool {
    switch (parts[1], parts.count) {
    case ("health", 2), ("verification", 2), ("assignments", 2...3), ("approvals", 2...3),
      ("schedules", 2...3):
      true
    case ("assignments", 4): ["steps", "stop", "resume"].contains(parts[3])
    default: false
    }
  }

  private static func noPath(_ path: String) -> WorkProblem {
    WorkProblem(.unknown, "there is no such path; the paths are listed in docs/assignments.md")
  }

  /// Names are those of runs and questions, and of the paths themselves.
  private static func isName(_ part: String) -> Bool {
    (1...64).contains(part.utf8.count)
      && part.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
          || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
      }
  }

  /// The keys that its query may have.
  var queryKeys: Set<String> {
    switch self {
    case .assignments: ["limit", "parent", "state"]
    case .steps: ["after", "seen", "wait"]
    case .questions: ["assignment", "state"]
    default: []
    }
  }
}

/// The part of an address after its question mark.
struct ConsoleQuery: Sendable {
  private let values: [String: String]
  private let isRepeated: Bool

  init(_ request: Request) {
    self.init(request.uri.queryParameters.map { (String($0.key), String($0.value)) })
  }

  init(_ pairs: [(String, String)]) {
    values = Dictionary(pairs) { $1 }
    isRepeated = values.count != pairs.count
  }

  subscript(_ key: String) -> String? { values[key] }

  func number(_ key: String) throws(WorkProblem) -> Int? {
    guard let text = values[key] else { return nil }
    guard let number = Int(text), (0...1_000_000_000).contains(number) else {
      throw WorkProblem(.invalid, "\(key) is a whole number")
    }
    return number
  }

  func state() throws(WorkProblem) -> Approval.State? {
    guard let text = values["state"] else { return nil }
    guard let state = Approval.State(rawValue: text) else {
      throw WorkProblem(
        .invalid,
        "state is one of \(Approval.State.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    return state
  }

  func assignments() throws(WorkProblem) -> AssignmentQuery {
    var query = AssignmentQuery()
    if let text = values["state"] {
      var states: Set<Assignment.State> = []
      for word in text.split(separator: ",") {
        guard let state = Assignment.State(rawValue: String(word)) else {
          let names = Assignment.State.allCases.map(\.rawValue).joined(separator: ", ")
          throw WorkProblem(.invalid, "state is some of \(names), with commas between")
        }
        states.insert(state)
      }
      query.states = states
    }
    query.parent = values["parent"]
    if let limit = try number("limit") {
      guard (1...10_000).contains(limit) else {
        throw WorkProblem(.invalid, "limit is 1 to 10000")
      }
      query.limit = limit
    }
    return query
  }

  func refuseUnknown(_ call: ConsoleCall) throws(WorkProblem) {
    if isRepeated { throw WorkProblem(.invalid, "a key stands twice in the query") }
    let known = call.queryKeys
    guard values.keys.allSatisfy(known.contains) else {
      throw WorkProblem(
        .invalid,
        known.isEmpty
          ? "this path takes no query"
          : "the query may have \(known.sorted().joined(separator: ", "))"
      )
    }
  }
}
