import Dialects
import JSONRPC

extension ClientSession {
  mutating func receive(_ message: RPCMessage) -> [SessionAction] {
    switch message {
    case .result(let id, let result):
      guard let purpose = take(id) else { return [] }
      switch purpose {
      case .discover: return discovered(result)
      case .initialize: return initialized(result)
      case .listen: return []
      case .list(let ticket, let progress): return listed(ticket, progress, result)
      case .call(let ticket): return answered(ticket, result)
      }
    case .failure(let id, let error):
      guard let id else {
        counters.unknownAnswers += 1
        return []
      }
      guard let purpose = take(id) else { return [] }
      switch purpose {
      case .discover: return discoverFailed(error)
      case .initialize: return initializeFailed(error)
      case .listen: return []
      case .list(let ticket, _), .call(let ticket): return [.failed(ticket, .refused(error))]
      }
    case .request(let id, let method, _):
      return answer(id, method)
    case .notification(let method, let params):
      return noticed(method, params)
    }
  }

  /// What an answer is to. An id that was never given out is counted, and so is one whose request was
  /// given up.
  private mutating func take(_ id: RequestID) -> Purpose? {
    guard case .number(let number) = id, let purpose = pending.removeValue(forKey: number) else {
      if case .number(let number) = id, wasAsked(number) {
        counters.lateAnswers += 1
      } else {
        counters.unknownAnswers += 1
      }
      return nil
    }
    return purpose
  }

  /// Only `ping` is answered: there is no model, no person and no directory to be had here.
  private mutating func answer(_ id: RequestID, _ method: String) -> [SessionAction] {
    if isStateless {
      // Servers of that revision ask nothing, and are told nothing.
      counters.refusedRequests += 1
      return []
    }
    if method == "ping" { return [.send(Frame.result(id))] }
    counters.refusedRequests += 1
    let error = RPCError(RPCError.methodNotFound, "this client does not offer \(method.prefix(64))")
    return [.send(Frame.failure(id, error))]
  }

  private mutating func noticed(_ method: String, _ params: JSON?) -> [SessionAction] {
    switch method {
    case "notifications/tools/list_changed":
      guard case .open = state else { return [] }
      let wasCurrent = tools != nil
      tools = nil
      var isListing = false
      for (id, purpose) in pending {
        if case .list(let ticket, var progress) = purpose {
          progress.isStale = true
          pending[id] = .list(ticket, progress)
          isListing = true
        }
      }
      return wasCurrent || isListing ? [.toolsChanged] : []
    case "notifications/progress":
      return progressed(params)
    case "notifications/message", "notifications/subscriptions/acknowledged",
      "notifications/resources/list_changed", "notifications/resources/updated",
      "notifications/prompts/list_changed", "notifications/cancelled":
      return []
    default:
      counters.unknownNotifications += 1
      return []
    }
  }

  private mutating func progressed(_ params: JSON?) -> [SessionAction] {
    guard let token = params?["progressToken"].flatMap(RequestID.init),
      case .number(let id) = token, case .call(let ticket) = pending[id],
      let progress = params?["progress"]?.number?.double
    else {
      counters.unknownNotifications += 1
      return []
    }
    let report = ToolProgress(
      progress: progress,
      total: params?["total"]?.number?.double,
      message: params?["message"]?.string.map { String($0.prefix(1024)) }
    )
    return [.progressed(ticket, report)]
  }
}
