import Dialects
import Journal

extension AgentRun {
  /// Carries out what the model asked for: permission first where the policy wants it, then the intent,
  /// then the effect.
  mutating func perform(_ call: ToolCall) async throws -> Flow {
    if let tool = frozenTool(call.name) { return try await perform(call, by: tool) }
    let request: ToolRequest
    do {
      request = try ToolRequest(call)
    } catch {
      return reject(call, error.text)
    }
    switch try await permission(for: request, call) {
    case .granted: break
    case .waits: return .over
    case .refused(let text):
      note(call, failed: text)
      return .goOn
    }
    let prepared: PreparedTool
    do {
      prepared = try await prepare(request, call)
    } catch let mistake as ToolRequest.Mistake {
      note(call, failed: mistake.text)
      return .goOn
    }
    let sequence = log.begin(
      StepKind.toolPrefix + call.name,
      prepared.effect,
      hash: prepared.hash,
      body: prepared.body
    )
    if let added = prepared.together { for change in added(sequence) { log.add(change) } }
    try await write()
    return try await carryOut(request, as: sequence)
  }

  /// A call that cannot be carried out, as the model wrote it.
  mutating func reject(_ call: ToolCall, _ text: String) -> Flow {
    let known = ToolDefinitions.all.contains { $0.name == call.name }
    let body = JSONWriter.object { writer in
      writer.string("arguments", String(call.arguments.prefix(4_096)))
      writer.string("name", String(call.name.prefix(256)))
    }
    let sequence = log.begin(
      StepKind.toolPrefix + (known ? call.name : "unknown"),
      .pure,
      hash: Digest.text(Array(call.arguments.utf8)),
      body: String(decoding: body, as: UTF8.self)
    )
    log.end(sequence, result(.failed, text, isMistake: true))
    return .goOn
  }

  /// A call that was refused before anything happened.
  mutating func note(_ call: ToolCall, failed text: String) {
    let sequence = log.begin(
      StepKind.toolPrefix + call.name,
      .pure,
      hash: Digest.text(Array(call.arguments.utf8)),
      body: "{}"
    )
    log.end(sequence, result(.failed, text))
  }

  /// Does what the intent on record says, and keeps what came of it. Waits go on when the assignment is
  /// taken again.
  mutating func carryOut(_ request: ToolRequest, as sequence: Int) async throws -> Flow {
    let outcome: StepOutcome
    do {
      switch request {
      case .bash(let command, let timeout):
        let bound = settings.bounds.command
        let report = try await workplace.run(command, seconds: min(max(1, timeout ?? bound), bound))
        outcome = result(report.isSuccess ? .done : .failed, report.text)
      case .read(let path, let offset, let limit):
        outcome = result(.done, try await workplace.text(path, offset: offset, limit: limit))
      case .write(let path, let content):
        try await workplace.write(path, Array(content.utf8), expecting: nil)
        outcome = result(.done, "Wrote \(content.utf8.count) bytes to \(path).")
      case .edit(let path, let old, let new, let all):
        outcome = try await edit(path, old, new, all)
      case .ask: return try await awaitAnswer(sequence)
      case .spawn: return try await awaitChildren(sequence)
      case .done(let summary):
        let left = try await markedFiles()
        outcome =
          left.isEmpty
          ? result(.done, summary)
          : result(.failed, "Marks of conflicts are left in \(left): settle them first.")
      }
    } catch let failure as Workplace.Failure {
      switch failure {
      case .refused(let text): outcome = result(.failed, text)
      case .died(let text):
        return try await sealBroke(sequence, text)
      }
    }
    log.end(sequence, outcome)
    return .goOn
  }

  private func edit(
    _ path: String,
    _ old: String,
    _ new: String,
    _ all: Bool
  ) async throws -> StepOutcome {
    let (file, text) = try await edited(path, old, new, all)
    try await workplace.write(path, text, expecting: file.token)
    return result(.done, "Edited \(path).")
  }

  /// What an edit makes of a file as it is now.
  func edited(
    _ path: String,
    _ old: String,
    _ new: String,
    _ all: Bool
  ) async throws -> (Workplace.File, [UInt8]) {
    guard let file = try await workplace.file(path) else {
      throw Workplace.Failure.refused("\(path) does not exist.")
    }
    do {
      return (
        file,
        try TextEdit.replace(Array(old.utf8), by: Array(new.utf8), all: all, in: file.bytes)
      )
    } catch TextEdit.Failure.several(let count) {
      throw Workplace.Failure.refused(
        "`old` stands \(count) times in \(path). Give more of what is around it, or set `all`."
      )
    } catch {
      throw Workplace.Failure.refused(
        "`old` does not stand in \(path). Read the file again: it must match to the letter."
      )
    }
  }

  /// The sealed session ended under a tool: the step is as open as if this process had died.
  private mutating func sealBroke(_ sequence: Int, _ text: String) async throws -> Flow {
    guard let record = log.record(sequence) else { return .over }
    let breaks = log.records.suffix(4).filter { $0.outcome?.status == .interrupted }.count
    if breaks >= Self.mostBreaks {
      log.end(sequence, result(.interrupted, text))
      return try await park("the sealed session ended \(breaks + 1) times in a row: \(text)")
    }
    return try await recover([record])
  }
}
