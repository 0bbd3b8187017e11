import Synchronization

/// A server that this process starts, and talks to through its standard input and output.
///
/// The command may be anything that ends up as a server: the server itself, or `caisson run` with a
/// policy of its own before it. When the last reference goes, the server is led out as by `close`.
package final class StdioServer: Sendable {
  private enum Stage {
    case new
    case started(ServerConnection)
  }

  private let command: ServerCommand
  private let options: SessionOptions
  private let toolsChanged: @Sendable () -> Void
  private let stage = Mutex(Stage.new)

  /// - Parameter toolsChanged: told, on the server's thread, that its tools must be listed again
  ///   before one is called.
  package init(
    _ command: ServerCommand,
    options: SessionOptions = SessionOptions(),
    toolsChanged: @escaping @Sendable () -> Void = {}
  ) {
    self.command = command
    self.options = options
    self.toolsChanged = toolsChanged
  }

  deinit {
    if let connection { connection.with { $0.end(.closed) } }
  }

  /// Starts the command and greets the server. To be called once.
  package func start() async throws(SessionError) -> ServerInfo {
    let connection = try begin()
    let result = await withCheckedContinuation { connection.open($0) }
    return try result.get()
  }

  private func begin() throws(SessionError) -> ServerConnection {
    try stage.withLock { (stage) throws(SessionError) -> ServerConnection in
      guard case .new = stage else { throw .notStarted("it was started before") }
      let connection = try ServerConnection(options, toolsChanged: toolsChanged)
      let process = try command.start()
      connection.serve(process, grace: command.grace)
      stage = .started(connection)
      return connection
    }
  }

  private var connection: ServerConnection? {
    stage.withLock { if case .started(let connection) = $0 { connection } else { nil } }
  }

  /// What the server offers now. Whoever calls this holds it against the pins of what was approved.
  package func listTools() async throws(CallError) -> ToolListing {
    guard let connection else { throw .notStarted }
    let ticket = connection.newTicket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        connection.begin(ticket, .listing(waiter)) { $0.listTools(ticket) }
      }
    } onCancel: {
      connection.cancel(ticket)
    }
    return try result.get()
  }

  /// Calls a tool by the name that its server knows it by.
  ///
  /// - Parameter arguments: JSON of an object.
  /// - Parameter key: sent along, for servers that do once what has the same key.
  /// - Parameter progress: told, on the server's thread, how far the call has come.
  package func call(
    _ tool: String,
    arguments: String,
    key: String? = nil,
    timeout: Duration = .seconds(120),
    progress: @escaping @Sendable (ToolProgress) -> Void = { _ in }
  ) async throws(CallError) -> ToolAnswer {
    guard let connection else { throw .notStarted }
    let ticket = connection.newTicket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        connection.begin(ticket, .call(waiter, progress: progress)) {
          $0.call(ticket, tool: tool, arguments: arguments, key: key, timeout: timeout)
        }
      }
    } onCancel: {
      connection.cancel(ticket)
    }
    return try result.get()
  }

  /// Closes the server's input, and returns when its process is gone: by itself, by SIGTERM, or by
  /// SIGKILL, each after its time.
  package func close() async {
    guard let connection else { return }
    connection.with { $0.end(.closed) }
    await connection.left()
  }

  /// The end of what the server wrote to its standard error, at most 64 KiB: data, to be made
  /// printable before it is shown.
  package var standardError: String {
    connection.map { $0.state.withLock { $0.standardError.text } } ?? ""
  }

  package var counters: SessionCounters {
    connection.map { $0.state.withLock { $0.session.counters } } ?? SessionCounters()
  }
}
