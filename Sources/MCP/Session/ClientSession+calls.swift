import Dialects
import JSONRPC

extension ClientSession {
  /// Asks for the tools, page by page.
  package mutating func listTools(_ ticket: Ticket) -> [SessionAction] {
    if let error = obstacle { return [.failed(ticket, error)] }
    guard server?.hasTools == true else {
      tools = []
      return [.listed(ticket, ToolListing())]
    }
    return askPage(ticket, ListingProgress(), cursor: nil)
  }

  /// - Parameters:
  ///   - arguments: JSON of an object.
  ///   - key: sent along, for servers that do once what has the same key.
  package mutating func call(
    _ ticket: Ticket,
    tool: String,
    arguments: String,
    key: String? = nil,
    timeout: Duration
  ) -> [SessionAction] {
    if let error = obstacle { return [.failed(ticket, error)] }
    guard let tools else { return [.failed(ticket, .toolsNotListed)] }
    guard tools.contains(tool) else { return [.failed(ticket, .unknownTool(tool))] }
    let object: JSON
    do {
      object = try JSONDocument.object(Array(arguments.utf8), bounds: options.bounds.json)
    } catch {
      return [.failed(ticket, .badArguments(.malformed(error)))]
    }
    let (id, frame) = request(
      "tools/call",
      .call(ticket),
      isStateless: isStateless,
      reportsProgress: true,
      key: key
    ) { params in
      params.string("name", tool)
      params.raw("arguments", object.raw)
    }
    guard frame.count <= options.bounds.length else {
      pending[id] = nil
      return [.failed(ticket, .tooLarge(bytes: frame.count, atMost: options.bounds.length))]
    }
    return [.send(frame), .wait(.request(id), timeout)]
  }

  /// Nobody waits for this any longer.
  package mutating func cancel(_ ticket: Ticket) -> [SessionAction] {
    for (id, purpose) in pending {
      switch purpose {
      case .call(ticket), .list(ticket, _):
        return giveUp(id, .cancelled, reason: "nobody waits for it any longer")
      default: continue
      }
    }
    return []
  }

  private var obstacle: CallError? {
    switch state {
    case .idle, .opening: .notStarted
    case .ended(let error): .session(error)
    case .open: pending.count < options.pending ? nil : .tooManyPending(options.pending)
    }
  }

  mutating func askPage(
    _ ticket: Ticket,
    _ progress: ListingProgress,
    cursor: String?
  ) -> [SessionAction] {
    let (id, frame) = request(
      "tools/list",
      .list(ticket, progress),
      isStateless: isStateless
    ) { $0.string("cursor", ifAny: cursor) }
    return [.send(frame), .wait(.request(id), options.listing)]
  }

  mutating func listed(
    _ ticket: Ticket,
    _ progress: ListingProgress,
    _ result: JSON
  ) -> [SessionAction] {
    var progress = progress
    func bad(_ what: String) -> [SessionAction] { [.failed(ticket, .badAnswer(what))] }
    if let problem = incomplete(result) { return [.failed(ticket, problem)] }
    guard let page = result["tools"], page.isArray else { return bad("it holds no list of tools") }
    progress.listing.add(page)
    progress.pages += 1
    guard progress.listing.tools.count + progress.listing.refused.count <= options.tools else {
      return bad("there are more than \(options.tools) tools")
    }
    if let cursor = result.present("nextCursor") {
      guard let cursor = cursor.string else { return bad("its nextCursor is no text") }
      guard progress.pages < options.pages, progress.cursors.insert(cursor).inserted else {
        return bad("its list has no end")
      }
      return askPage(ticket, progress, cursor: cursor)
    }
    progress.listing.refuseDoubles()
    // A list that changed while it was read is handed over, and not called by.
    tools = progress.isStale ? nil : Set(progress.listing.tools.map(\.name))
    return [.listed(ticket, progress.listing)]
  }

  mutating func answered(_ ticket: Ticket, _ result: JSON) -> [SessionAction] {
    if let problem = incomplete(result) { return [.failed(ticket, problem)] }
    guard let answer = ToolAnswer(result) else {
      return [.failed(ticket, .badAnswer("its content is of no kind that is known here"))]
    }
    return [.called(ticket, answer)]
  }

  /// What is in the way of reading a result as the final one.
  private func incomplete(_ result: JSON) -> CallError? {
    guard let type = result.present("resultType") else { return nil }
    if type.equals("complete") { return nil }
    guard type.equals("input_required") else {
      return .badAnswer("its resultType is not known here")
    }
    let methods = result["inputRequests"]?.members.prefix(16).compactMap {
      $0.value["method"]?.string.map { String($0.prefix(64)) }
    }
    return .inputRequired(methods.flatMap { $0.isEmpty ? nil : $0 } ?? ["more input"])
  }
}
