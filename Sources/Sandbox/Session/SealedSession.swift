internal import CLinux
package import ExecWire

/// A sealed environment that lives as long as it is needed: commands and files of a run, driven from
/// outside.
///
/// Behind it is a process `caisson run --session`, and inside the run the service `caisson-exec`.
/// Nothing that comes from there is trusted: it is bounded before it is kept, an answer that does not
/// fit its question ends the session, and so does one that does not come in time. When this process
/// ends, however it does, the session ends, too.
///
/// Calls may be made from anywhere, several at a time. All sessions share one thread; one
/// costs it two descriptors.
package final class SealedSession: Sendable {
  private let link: SessionLink

  private init(_ link: SessionLink) {
    self.link = link
  }

  deinit { link.abandon() }

  /// Starts a session and waits until the service inside has spoken.
  ///
  /// - Parameters:
  ///   - program: The path of `caisson`.
  ///   - arguments: Options of `caisson run`, beside `--session`: `--in`, `--policy`, `--run-id`.
  ///   - environment: The whole environment of `caisson run`, as `NAME=value`.
  ///   - modelsKey: A key for the models that the policy grants, which is put in the place of what the
  ///     run holds on its way out; nil where the run has none or one of its own.
  ///   - patience: How long to wait.
  package static func open(
    program: String,
    arguments: [String],
    environment: [String],
    modelsKey: String? = nil,
    patience: Duration = .seconds(60)
  ) async throws(SessionError) -> SealedSession {
    let words = ["run", "--session"] + (modelsKey == nil ? [] : ["--models-key"]) + arguments
    let link = try SessionLink(program, words, environment, secret: modelsKey)
    try await link.start(patience: patience)
    return SealedSession(link)
  }

  /// Runs a command in the run's shell.
  ///
  /// Where the task is cancelled the command is ended, and the result says so.
  ///
  /// - Parameters:
  ///   - directory: Relative to the workspace, or absolute.
  ///   - onOutput: Called with output while the command runs, in order and at most 16 KiB each 100
  ///     ms, on the thread of all
  ///     sessions: it must be quick. `skipped` bytes before were left out.
  package func run(
    _ command: String,
    in directory: String = "",
    timeout: Duration,
    bounds: OutputBounds = OutputBounds(),
    onOutput: (@Sendable (_ skipped: UInt64, _ bytes: [UInt8]) -> Void)? = nil
  ) async throws(SessionError) -> CommandResult {
    let request = RunRequest(
      command: Array(command.utf8),
      directory: Array(directory.utf8),
      milliseconds: UInt32(clamping: timeout.milliseconds),
      headBytes: UInt32(bounds.head),
      tailBytes: UInt32(bounds.tail),
      follows: onOutput != nil
    )
    let call = SessionCall(.run(request), onOutput: onOutput)
    let answer = try await link.ask(call)
    guard case .ran(let ran) = answer else { throw failure(answer, "run", "a command") }
    return CommandResult(ran)
  }

  /// Runs a command in the run's shell that is talked with.
  ///
  /// It ends when it does, when its time is over, by ``TalkingCommand/end()``, and with the session.
  package func talk(
    _ command: String,
    in directory: String = "",
    timeout: Duration,
    bounds: OutputBounds = OutputBounds(),
    hears: @escaping @Sendable (TalkingCommand.Event) -> Void
  ) -> TalkingCommand {
    let request = RunRequest(
      command: Array(command.utf8),
      directory: Array(directory.utf8),
      milliseconds: UInt32(clamping: timeout.milliseconds),
      headBytes: UInt32(bounds.head),
      tailBytes: UInt32(bounds.tail),
      follows: true,
      window: UInt32(ExecWire.largestWindow)
    )
    return TalkingCommand(link, request, hears: hears)
  }

  /// Reads at most `count` bytes of a file, or as many names of a directory.
  package func read(
    _ path: String,
    from offset: UInt64 = 0,
    atMost count: Int = ExecWire.largestContent
  ) async throws(SessionError) -> PathContent {
    let most = UInt32(clamping: min(max(count, 0), ExecWire.largestContent))
    let answer = try await link.ask(
      SessionCall(.read(path: Array(path.utf8), offset: offset, count: most))
    )
    switch answer {
    case .content(let status, let bytes): return .file(status, bytes: bytes)
    case .listing(let status, let names, let isComplete):
      return .directory(status, names: names, isComplete: isComplete)
    default: throw failure(answer, "read", path)
    }
  }

  /// Replaces a file's content as a whole, or not at all, and brings it to the disk.
  ///
  /// - Parameters:
  ///   - mode: Permissions; nil keeps those that are there, or gives 0644.
  ///   - expected: What has to be there.
  /// - Returns: What tells the new content from any later one.
  @discardableResult
  package func write(
    _ path: String,
    _ bytes: [UInt8],
    mode: UInt32? = nil,
    expecting expected: ExpectedFile = .anything
  ) async throws(SessionError) -> FileToken {
    guard bytes.count <= ExecWire.largestContent else {
      throw .malformed(
        "\(path) cannot be written at once: \(bytes.count) bytes, and \(ExecWire.largestContent) is "
          + "the most"
      )
    }
    let request = WriteRequest(
      path: Array(path.utf8),
      bytes: bytes,
      mode: mode,
      expected: expected
    )
    let answer = try await link.ask(SessionCall(.write(request)))
    guard case .written(let token) = answer else { throw failure(answer, "write", path) }
    return token
  }

  /// What lies at a path, links followed.
  package func stat(_ path: String) async throws(SessionError) -> FileStatusInside {
    let answer = try await link.ask(SessionCall(.stat(path: Array(path.utf8))))
    guard case .status(let status) = answer else { throw failure(answer, "look at", path) }
    return status
  }

  /// Brings all that was written in the workspace to the disk.
  package func sync() async throws(SessionError) {
    let answer = try await link.ask(SessionCall(.sync))
    guard answer == .done else { throw failure(answer, "bring to the disk", "the workspace") }
  }

  /// Ends the session: in good order where that takes no longer than five seconds, else by force.
  package func close() async { await link.close() }

  /// Waits for the session's end; nil where it was closed by this side.
  package func ended() async -> SessionError? { await link.ended() }

  /// What this process knows the session's process by.
  package var processID: Int32 { link.pid }

  private func failure(_ answer: Answer, _ call: String, _ path: String) -> SessionError {
    guard case .failed(let failure) = answer else { return .died("it gave a wrong answer") }
    switch failure {
    case .system(let error): return .system(call: call, path: path, error: error)
    case .changed: return .changed(path: path)
    case .notAFile(let kind): return .notAFile(path: path, kind: kind)
    case .busy: return .busy
    case .malformed: return .malformed("cannot \(call) \(path): it holds a NUL")
    }
  }
}
