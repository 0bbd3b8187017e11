import Dialects
import Journal
import MCP
import Policy

extension AgentRun {
  // MARK: Before the work

  /// Starts the policy's servers and has their tools approved; nil while a person is asked.
  mutating func askForServers() async throws -> FrozenServers? {
    var frozen = FrozenServers()
    for rule in rules.tools {
      do {
        let offer = try await servers.offer(rule)
        switch try await permission(for: offer) {
        case .granted: frozen.offers.append(offer)
        case .waits: return nil
        case .refused(let text): frozen.left.append((rule.server, text))
        }
      } catch let problem as ServerEntry.Problem {
        // It may be that the work was stopped while a server began.
        try Task.checkCancellation()
        frozen.left.append((rule.server, problem.description))
      }
    }
    return frozen
  }

  /// Whether a person has approved exactly what a server offers now.
  private mutating func permission(for offer: ServerOffer) async throws -> Permission {
    let hash = offer.inquiry.hash
    let asked = log.records.filter { $0.intent.kind == StepKind.permission }
    if let outcome = asked.last(where: { $0.intent.hash == hash })?.outcome {
      let answer = AnsweredInquiry(outcome)
      return answer.state == .approved ? .granted : .refused(answer.words)
    }
    if try await store.standingApproval(hash: hash, in: assignment.id) != nil { return .granted }
    let before = asked.filter { Inquiry.server(in: $0.intent.body) == offer.server }
    guard before.count < Self.mostQuestions else {
      return .refused("It describes its tools otherwise each time. It is not asked about again.")
    }
    try await put(offer.inquiry, as: StepKind.permission, scope: .always)
    return .waits
  }

  /// Questions about one server in one assignment.
  private static var mostQuestions: Int { 8 }

  // MARK: Calls

  func frozenTool(_ name: String) -> FrozenTool? {
    guard !rules.tools.isEmpty else { return nil }
    let start = log.records.first { $0.intent.kind == StepKind.start }
    return FrozenTool.all(in: start).first { $0.name == name }
  }

  /// Judges a call of a server's tool, puts it on record, and makes it.
  mutating func perform(_ call: ToolCall, by tool: FrozenTool) async throws -> Flow {
    guard let rule = rules.tools.first(where: { $0.server == tool.server }) else {
      return reject(call, "There is no server \(tool.server).")
    }
    let written = call.arguments.isEmpty ? "{}" : call.arguments
    guard (try? JSONDocument.object(Array(written.utf8), bounds: .answer)) != nil,
      let arguments = try? RawJSON(parsing: written)
    else {
      return reject(call, "The arguments of \(call.name) are no JSON object. Call it again.")
    }
    // What is judged is what is sent.
    let decision = rules.decide(tool.server, tool.tool, arguments: arguments.line)
    guard decision.verdict == .allow else {
      let remedy = decision.remedy.map { " What a person would have to change: \($0)." } ?? ""
      note(call, failed: "Denied by the policy: \(decision.rule).\(remedy)")
      return .goOn
    }
    let offer: ServerOffer
    do {
      offer = try await servers.offer(rule)
    } catch {
      try Task.checkCancellation()
      note(call, failed: "It was not done: \(error.description)")
      return .goOn
    }
    if offer.inquiry.hash != tool.pin {
      switch try await permission(for: offer) {
      case .granted: break
      case .waits: return .over
      case .refused(let text):
        note(call, failed: "\(tool.server) has changed since its tools were approved. \(text)")
        return .goOn
      }
    }
    let body = JSONWriter.object { json in
      json.raw("arguments", arguments)
      json.string("call", call.id)
      json.string("pin", offer.inquiry.hash)
      json.string("server", tool.server)
      json.string("tool", tool.tool)
    }
    let sequence = log.begin(
      StepKind.toolPrefix + tool.name,
      rules.effect(tool.server, tool.tool),
      hash: Digest.text(body),
      body: String(decoding: body, as: UTF8.self)
    )
    try await write()
    return try await callServer(sequence)
  }

  /// Makes a call once more that was left open, if the server still is what was approved for it.
  mutating func repeatCall(_ record: StepRecord, of tool: FrozenTool) async throws -> Flow {
    let sequence = record.intent.sequence
    let body = try? JSONDocument.object(Array(record.intent.body.utf8), bounds: .answer)
    do {
      guard let rule = rules.tools.first(where: { $0.server == tool.server }) else {
        throw ServerEntry.Problem("there is no server \(tool.server)")
      }
      let offer = try await servers.offer(rule)
      guard offer.inquiry.hash == body?["pin"]?.string else {
        throw ServerEntry.Problem("\(tool.server) has changed since")
      }
    } catch let problem as ServerEntry.Problem {
      try Task.checkCancellation()
      log.end(
        sequence,
        result(
          .interrupted,
          "Interrupted; it may have been done. It was not repeated: \(problem.description)"
        )
      )
      return .goOn
    }
    log.again(sequence, reason: "nobody knows whether it happened")
    try await write()
    return try await callServer(sequence)
  }

  /// Makes the call that an intent on record says.
  private mutating func callServer(_ sequence: Int) async throws -> Flow {
    guard let record = log.record(sequence),
      let body = try? JSONDocument.object(Array(record.intent.body.utf8), bounds: .answer),
      let server = body["server"]?.string, let tool = body["tool"]?.string,
      let arguments = body["arguments"]?.raw.line
    else {
      log.end(sequence, result(.failed, "The call cannot be read any more."))
      return .goOn
    }
    do throws(CallError) {
      let answer = try await servers.call(
        tool,
        of: server,
        arguments: arguments,
        key: record.intent.effect == .keyed ? record.intent.key(in: assignment.id) : nil,
        seconds: settings.bounds.command
      )
      log.end(sequence, result(answer.isError ? .failed : .done, answer.modelText))
      return .goOn
    } catch {
      switch error {
      case .timedOut, .session, .cancelled:
        await servers.drop(server)
        return try await serverBroke(record, "\(server): \(error)")
      default:
        log.end(sequence, result(.failed, "\(error)."))
        return .goOn
      }
    }
  }

  /// A call has no answer: its step is as open as if this process had died.
  private mutating func serverBroke(_ record: StepRecord, _ text: String) async throws -> Flow {
    // Whoever takes the work again settles it.
    guard signals.word == .goOn, !Task.isCancelled else { throw CancellationError() }
    guard record.attempts < StepRecovery.largestAttempts else {
      log.end(record.intent.sequence, result(.interrupted, "It may have been done. \(text)."))
      return try await park("a call had no answer \(record.attempts) times in a row: \(text)")
    }
    return try await recover([record])
  }
}
