import Dialects
package import JSONRPC

/// What an agent says to one client, whichever sessions it has with it.
///
/// Nothing is done here: what was heard goes in, what is to be done comes out, and whoever does it says
/// when it is done.
package struct ACPAgentSession: Sendable {
  package enum Action: Sendable {
    case send([UInt8])
    /// Has a session begin, and calls ``began(_:_:)`` or ``refuse(_:_:)``.
    case begin(RequestID, directory: String, tools: Int)
    /// Takes a session up again, and calls ``loaded(_:_:)`` or ``refuse(_:_:)``.
    case load(RequestID, session: String, directory: String)
    /// Does what is asked, and calls ``ended(_:_:)`` or ``refuse(_:_:)``.
    case work(RequestID, session: String, [ContentBlock])
    /// Stops what is done in that session.
    case cancel(session: String)
    /// What a person said to a question.
    case answered(ACPTicket, PermissionOutcome)
  }

  /// Turns under way in all sessions, and questions in all of them.
  package static let most = 32
  package static let mostSessions = 256

  private let greeting: AgentGreeting
  private let bounds: WireBounds
  private var isGreeted = false
  private var sessions: Set<String> = []
  /// Requests whose answer somebody works on, with the session of those that are turns or load it.
  private var open: [RequestID: String?] = [:]
  /// Questions that were asked, by the number that they have.
  private var questions: Set<Int> = []
  private var nextQuestion = 1

  package init(_ greeting: AgentGreeting, bounds: WireBounds = WireBounds()) {
    self.greeting = greeting
    self.bounds = bounds
  }

  package mutating func receive(_ line: [UInt8]) -> [Action] {
    do throws(WireError) {
      switch try RPCMessage.parse(line, bounds: bounds) {
      case .request(let id, let method, let params):
        do throws(RPCError) {
          return try asked(id, method, params)
        } catch {
          return [.send(Frame.failure(id, error))]
        }
      case .notification(let method, let params):
        guard case .cancel(let session) = AgentNotice(method, params), sessions.contains(session)
        else { return [] }
        return [.cancel(session: session)]
      case .result(let id, let result): return answered(id, PermissionOutcome(result))
      // A client that cannot ask has not allowed anything.
      case .failure(let id, _): return id.map { answered($0, .cancelled) } ?? []
      }
    } catch {
      let code =
        if case .malformed = error { RPCError.parseError } else { RPCError.invalidRequest }
      return [.send(Frame.failure(nil, RPCError(code, error.description)))]
    }
  }

  private mutating func asked(
    _ id: RequestID,
    _ method: String,
    _ params: JSON?
  ) throws(RPCError) -> [Action] {
    guard open[id] == nil else {
      throw RPCError(RPCError.invalidRequest, "a request with this id is under way")
    }
    let request = try AgentRequest(method, params)
    if case .initialize = request {
      isGreeted = true
      // Whatever the client offered: there is one version here, and it may leave.
      return [.send(greeting.frame(id))]
    }
    guard isGreeted else { throw RPCError(RPCError.invalidRequest, "send initialize first") }
    guard open.count < Self.most else {
      throw RPCError(RPCError.internalError, "\(Self.most) requests are under way; try again later")
    }
    switch request {
    case .initialize: return []
    // Whoever speaks to this process is its user.
    case .authenticate: return [.send(Frame.result(id))]
    case .newSession(let directory):
      guard sessions.count < Self.mostSessions else {
        throw RPCError(RPCError.internalError, "\(Self.mostSessions) sessions are open")
      }
      open[id] = .some(nil)
      let tools = params?["mcpServers"].map { Array($0.elements).count } ?? 0
      return [.begin(id, directory: directory, tools: tools)]
    case .loadSession(let session, let directory):
      try mustBeIdle(session)
      // One that is open is told anew, as to an editor that closed the conversation in between.
      guard sessions.contains(session) || sessions.count < Self.mostSessions else {
        throw RPCError(RPCError.internalError, "\(Self.mostSessions) sessions are open")
      }
      open[id] = session
      return [.load(id, session: session, directory: directory)]
    case .prompt(let session, let blocks):
      try mustBeIdle(session)
      guard sessions.contains(session) else {
        throw RPCError(ACPErrorCode.notFound, "there is no such session")
      }
      open[id] = session
      return [.work(id, session: session, blocks)]
    }
  }

  private func mustBeIdle(_ session: String) throws(RPCError) {
    guard !open.values.contains(session) else {
      throw RPCError(RPCError.invalidRequest, "a request of this session is under way")
    }
  }

  // MARK: What has been done

  package mutating func began(_ id: RequestID, _ session: String) -> [Action] {
    guard open.removeValue(forKey: id) != nil else { return [] }
    sessions.insert(session)
    return [.send(AgentAnswer.newSession(id, session))]
  }

  package mutating func loaded(_ id: RequestID, _ session: String) -> [Action] {
    guard open.removeValue(forKey: id) != nil else { return [] }
    sessions.insert(session)
    return [.send(AgentAnswer.loaded(id))]
  }

  package mutating func ended(_ id: RequestID, _ end: TurnEnd) -> [Action] {
    guard open.removeValue(forKey: id) != nil else { return [] }
    return [.send(AgentAnswer.prompt(id, end))]
  }

  package mutating func refuse(_ id: RequestID, _ error: RPCError) -> [Action] {
    guard open.removeValue(forKey: id) != nil else { return [] }
    return [.send(Frame.failure(id, error))]
  }

  // MARK: Questions

  /// Asks a person; nil where too much is asked already.
  package mutating func ask(_ request: PermissionRequest) -> (ACPTicket, [Action])? {
    guard questions.count < Self.most else { return nil }
    let number = nextQuestion
    nextQuestion += 1
    questions.insert(number)
    return (ACPTicket(number), [.send(request.frame(.number(number)))])
  }

  /// Nobody waits for the answer any longer.
  package mutating func forget(_ ticket: ACPTicket) { questions.remove(ticket.number) }

  private mutating func answered(_ id: RequestID, _ outcome: PermissionOutcome) -> [Action] {
    guard case .number(let number) = id, questions.remove(number) != nil else { return [] }
    return [.answered(ACPTicket(number), outcome)]
  }
}
