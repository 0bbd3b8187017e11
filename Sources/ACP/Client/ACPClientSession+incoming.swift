import Dialects
import JSONRPC

extension ACPClientSession {
  mutating func receive(_ message: RPCMessage) -> [ACPClientAction] {
    switch message {
    case .result(let id, let result): return answered(id, result)
    case .failure(let id, let error): return refused(id, error)
    case .request(let id, let method, let params):
      do throws(RPCError) {
        return try asked(id, method, params)
      } catch {
        counters.refusedRequests += 1
        return [.send(Frame.failure(id, error))]
      }
    case .notification(let method, let params): return noticed(method, params)
    }
  }

  // MARK: - Answers

  private mutating func answered(_ id: RequestID, _ result: JSON) -> [ACPClientAction] {
    switch state {
    case .greeting(let asked) where id == .number(asked):
      guard let greeting = AgentGreeting(result) else {
        return fail(.badAnswer(ACPMethod.initialize, "it names no version of the protocol"))
      }
      return greeted(greeting)
    case .loading(let asked, _) where id == .number(asked):
      return tell(formerSession ?? "", isFormer: true)
    case .beginning(let asked, _) where id == .number(asked):
      guard let length = result["sessionId"]?.stringLength, length <= ToolCallReport.longestID,
        let session = result["sessionId"]?.string, !session.isEmpty
      else { return fail(.badAnswer(ACPMethod.newSession, "it names no session")) }
      return tell(session, isFormer: false)
    case .working(let asked, _) where id == .number(asked),
      .cancelling(let asked, _) where id == .number(asked):
      guard let reason = result["stopReason"]?.string else {
        return fail(.badAnswer(ACPMethod.prompt, "it gives no reason why it stopped"))
      }
      return finish(.ended(TurnEnd(reason)))
    default:
      counters.unknownAnswers += 1
      return []
    }
  }

  private mutating func refused(_ id: RequestID?, _ error: RPCError) -> [ACPClientAction] {
    switch state {
    case .greeting(let asked) where id == .number(asked):
      return fail(.refused(ACPMethod.initialize, error))
    case .loading(let asked, let greeting) where id == .number(asked):
      // It has forgotten: a session that begins does as well.
      return beginSession(greeting)
    case .beginning(let asked, let greeting) where id == .number(asked):
      let wantsLogIn = error.code == ACPErrorCode.authenticationRequired
      return fail(
        wantsLogIn ? .logIn(greeting.logIns.map(\.name)) : .refused(ACPMethod.newSession, error)
      )
    case .working(let asked, _) where id == .number(asked):
      return fail(.refused(ACPMethod.prompt, error))
    case .cancelling(let asked, _) where id == .number(asked):
      // Some agents break off with an error when they are told to stop.
      return finish(.ended(.cancelled))
    default:
      counters.unknownAnswers += 1
      return []
    }
  }

  // MARK: - Questions

  private mutating func asked(
    _ id: RequestID,
    _ method: String,
    _ params: JSON?
  ) throws(RPCError) -> [ACPClientAction] {
    guard method == ACPMethod.requestPermission else {
      let isRefused = ACPMethod.refusedAreas.contains { method.hasPrefix($0) }
      throw RPCError(
        RPCError.methodNotFound,
        isRefused
          ? "this client does no \(method.prefix(64)): use the files and programs that you see yourself"
          : "there is no method \(method.prefix(64)) here"
      )
    }
    var request = try PermissionRequest(params)
    guard let session, request.session == session else {
      throw RPCError(RPCError.invalidParams, "there is no such session under way")
    }
    guard questions[id] == nil else {
      throw RPCError(RPCError.invalidRequest, "a question with this id is open")
    }
    if case .cancelling = state { return [.send(PermissionOutcome.cancelled.frame(id))] }
    guard questions.count < options.questions else {
      throw RPCError(RPCError.internalError, "\(options.questions) questions are open")
    }
    // What is asked about is what has been told of it so far, all of it.
    request.toolCall = reports.note(request.toolCall)
    let ticket = takeTicket()
    questions[id] = Question(ticket: ticket, request: request)
    return [.ask(ticket, request)]
  }

  // MARK: - News

  private mutating func noticed(_ method: String, _ params: JSON?) -> [ACPClientAction] {
    guard method == ACPMethod.update, let update = params?["update"].flatMap(SessionUpdate.init)
    else {
      counters.unknownNotices += 1
      return []
    }
    guard let session, params?["sessionId"]?.string == session else {
      // What is told before the work begins is the past, which is on record, or of another session.
      counters.otherSessions += 1
      return []
    }
    switch update {
    case .toolCall(let report): return [.news(.toolCall(reports.note(report)))]
    case .toolCallUpdate(let report): return [.news(.toolCallUpdate(reports.note(report)))]
    case .other:
      counters.unknownNotices += 1
      return []
    case .userMessage, .message, .thought, .plan: return [.news(update)]
    }
  }
}
