import ExecWire
import Foundation
package import Sandbox

/// Where an agent's tools work: the sealed session of its run, begun when the first tool needs it.
package actor Workplace {
  package enum Failure: Error, Sendable, Equatable {
    /// It was not done, in words for the model.
    case refused(String)
    /// The session ended, and what was under way in it with it.
    case died(String)

    var text: String {
      switch self {
      case .refused(let text), .died(let text): text
      }
    }
  }

  /// A file as it was read.
  struct File: Sendable {
    let bytes: [UInt8]
    let token: FileToken
  }

  struct Report: Sendable {
    let isSuccess: Bool
    let text: String
  }

  /// Bytes of a file that a tool reads or edits.
  private static let largestFile = 8 << 20

  private let open: @Sendable () async throws(SessionError) -> SealedSession
  private var session: SealedSession?
  private let directory: String

  /// - Parameters:
  ///   - directory: The workspace, absolute.
  ///   - open: Begins the session, or continues that of the same run.
  package init(
    directory: String,
    open: @escaping @Sendable () async throws(SessionError) -> SealedSession
  ) {
    self.directory = directory
    self.open = open
  }

  /// Ends the session, and with it whatever still runs in it.
  package func close() async {
    let ending = session
    session = nil
    await ending?.close()
  }

  /// Begins the session now, for whoever wants to know whether it can be.
  func begin() async throws {
    _ = try await attempt { _ throws(SessionError) in }
  }

  // MARK: Tools

  func run(_ command: String, seconds: Int64) async throws -> Report {
    let bounds = OutputBounds(head: OutputText.head, tail: OutputText.tail)
    let result = try await use { session throws(SessionError) in
      try await session.run(command, timeout: .seconds(seconds), bounds: bounds)
    }
    let output = OutputText.joined(head: result.head, tail: result.tail, omitted: result.omitted)
    let end: String
    switch result.end {
    case .exited(0): return Report(isSuccess: true, text: output.isEmpty ? "[no output]" : output)
    case .exited(let status): end = "[exit status \(status)]"
    case .signalled(let signal): end = "[ended by signal \(signal)]"
    case .timedOut: end = "[ended: it took longer than \(seconds) seconds]"
    case .cancelled: end = "[ended: the work was stopped]"
    case .notStarted(let error): end = "[not started: \(String(cString: strerror(error)))]"
    }
    return Report(isSuccess: false, text: output.isEmpty ? end : output + "\n" + end)
  }

  /// Runs another agent as a whole.
  func host(
    _ line: String,
    seconds: Double,
    onOutput: @escaping @Sendable (UInt64, [UInt8]) -> Void
  ) async throws -> CommandResult {
    let bounds = OutputBounds(head: OutputText.head, tail: OutputText.tail)
    return try await use { session throws(SessionError) in
      try await session.run(line, timeout: .seconds(seconds), bounds: bounds, onOutput: onOutput)
    }
  }

  /// Runs another agent that is talked with.
  func talk(
    _ line: String,
    seconds: Double,
    hears: @escaping @Sendable (TalkingCommand.Event) -> Void
  ) async throws -> TalkingCommand {
    let bounds = OutputBounds(head: OutputText.head, tail: OutputText.tail)
    return try await use { session throws(SessionError) in
      session.talk(line, timeout: .seconds(seconds), bounds: bounds, hears: hears)
    }
  }

  /// A file's lines, or a directory's names.
  func text(_ path: String, offset: Int, limit: Int) async throws -> String {
    let content = try await use { session throws(SessionError) in
      try await session.read(path, atMost: Self.largestFile)
    }
    switch content {
    case .file(let status, let bytes):
      let text = OutputText.text(bytes)
      let rest = status.token.size > UInt64(bytes.count)
      return OutputText.numbered(text, offset: offset, limit: limit)
        + (rest ? "\n[the file is larger than \(Self.largestFile) bytes]" : "")
    case .directory(_, let names, let isComplete):
      let shown = names.map { name in
        String(decoding: name.name, as: UTF8.self) + (name.kind == .directory ? "/" : "")
      }
      let listed = shown.sorted().dropFirst(offset - 1).prefix(limit)
      return listed.joined(separator: "\n") + (isComplete ? "" : "\n[and more]")
    }
  }

  /// The whole of a file; nil where there is none.
  func file(_ path: String) async throws -> File? {
    let result = try await attempt { session throws(SessionError) in
      try await session.read(path, atMost: Self.largestFile)
    }
    if case .failure(.system(_, _, ENOENT)) = result { return nil }
    guard case .file(let status, let bytes) = try refusing(result) else {
      throw Failure.refused("\(path) is a directory.")
    }
    guard status.token.size == UInt64(bytes.count) else {
      throw Failure.refused("\(path) is larger than \(Self.largestFile) bytes.")
    }
    return File(bytes: bytes, token: status.token)
  }

  func write(_ path: String, _ bytes: [UInt8], expecting token: FileToken?) async throws {
    let expected: ExpectedFile = token.map { .unchanged($0) } ?? .anything
    _ = try await use { session throws(SessionError) in
      try await session.write(path, bytes, expecting: expected)
    }
  }

  /// Brings what was written to the disk.
  func flush() async throws {
    guard let session else { return }
    try? await session.sync()
  }

  // MARK: The session

  private func use<Value: Sendable>(
    _ body: @Sendable (SealedSession) async throws(SessionError) -> Value
  ) async throws -> Value {
    try refusing(await attempt(body))
  }

  private func refusing<Value>(_ result: Result<Value, SessionError>) throws -> Value {
    do {
      return try result.get()
    } catch {
      throw Failure.refused("\(error).")
    }
  }

  /// - Throws: ``Failure/died(_:)``.
  private func attempt<Value: Sendable>(
    _ body: @Sendable (SealedSession) async throws(SessionError) -> Value
  ) async throws -> Result<Value, SessionError> {
    do {
      let session = try await opened()
      return .success(try await body(session))
    } catch .died(let reason), .notOpened(let reason) {
      session = nil
      throw Failure.died(reason)
    } catch .closed {
      session = nil
      throw Failure.died("it was closed")
    } catch {
      return .failure(error)
    }
  }

  private func opened() async throws(SessionError) -> SealedSession {
    if let session { return session }
    let opened = try await open()
    session = opened
    return opened
  }
}
