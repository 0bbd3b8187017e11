import ACP
import Foundation
import JSONRPC
import MCP
import Policy
import Sandbox
import Synchronization
import WorkWire

/// Serves an editor over a pair of descriptors until the editor closes its end. The work that it gave
/// goes on in the daemon.
final class EditorHost: Sendable {
  private let home: Home
  private let settings: EditorTurn.Settings
  private let connection: EditorConnection
  private let sessions = Mutex<[String: EditorSession]>([:])

  private static let longestPrompt = 90_000
  /// Assignments of a session that are told again when it is taken up.
  private static let mostReplayed = 50

  init(home: Home, settings: EditorTurn.Settings, output: Int32 = 1) {
    self.home = home
    self.settings = settings
    var greeting = AgentGreeting(identity: ACPIdentity(name: "caisson", version: Caisson.version))
    greeting.loadsSessions = true
    greeting.takesResources = true
    connection = EditorConnection(greeting, output: output)
  }

  /// SIGPIPE must be ignored by the process.
  func serve(input: Int32 = 0) async throws {
    let reader = BlockingReader(input)
    var lines = LineReader()
    try await withThrowingTaskGroup(of: Void.self) { group in
      while let bytes = try await reader.read() {
        let frames: [[UInt8]]
        do {
          frames = try lines.receive(bytes)
        } catch {
          // Where the next message begins is not known any more.
          try await connection.send(
            Frame.failure(nil, RPCError(RPCError.invalidRequest, "\(error)"))
          )
          break
        }
        for frame in frames {
          for action in connection.receive(frame) {
            switch action {
            case .send(let frame): try await connection.send(frame)
            case .cancel(let session): sessions.withLock { $0[session] }?.cancel()
            case .answered: break
            case .begin, .load, .work:
              // Here and not in the task: a cancellation that comes next is of this turn.
              if case .work(_, let session, _) = action {
                sessions.withLock { $0[session] }?.beginTurn()
              }
              group.addTask { try await self.carryOut(action) }
            }
          }
        }
      }
      // Nobody is there to be told any more.
      group.cancelAll()
      for session in sessions.withLock({ Array($0.values) }) { session.leave() }
    }
  }

  private func carryOut(_ action: ACPAgentSession.Action) async throws {
    let id = action.request
    do {
      switch action {
      case .begin(_, let directory, let tools):
        let session = EditorSession(
          EditorRecord(session: RandomName.make(), directory: try Self.find(directory)),
          refusedTools: tools
        )
        sessions.withLock { $0[session.name] = session }
        return try await connection.settle { $0.began(id, session.name) }
      case .load(_, let name, let directory):
        try await load(name, try Self.find(directory))
        return try await connection.settle { $0.loaded(id, name) }
      case .work(_, let name, let blocks):
        let end = try await work(name, blocks)
        return try await connection.settle { $0.ended(id, end) }
      case .send, .cancel, .answered: return
      }
    } catch is CancellationError {
      return
    } catch let error as StdioHost.Failure {
      throw error
    } catch let error as RPCError {
      try await connection.settle { $0.refuse(id, error) }
    } catch {
      let told = RPCError(RPCError.internalError, reason(error))
      try await connection.settle { $0.refuse(id, told) }
    }
  }

  /// The directory where it really lies.
  private static func find(_ path: String) throws(RPCError) -> String {
    guard path.utf8.count < 4_096, let found = HostTree.find(path, isSystem: false),
      found.isDirectory
    else { throw RPCError(RPCError.invalidParams, "the cwd is no directory that can be found") }
    return found.real
  }

  private func work(_ name: String, _ blocks: [ContentBlock]) async throws -> TurnEnd {
    guard let session = sessions.withLock({ $0[name] }) else {
      throw RPCError(ACPErrorCode.notFound, "there is no such session")
    }
    let prompt = blocks.map(\.words).joined(separator: "\n")
    guard prompt.contains(where: { !$0.isWhitespace }) else {
      throw RPCError(RPCError.invalidParams, "the prompt is empty: say what is to be done")
    }
    guard prompt.utf8.count <= Self.longestPrompt, !prompt.utf8.contains(0) else {
      throw RPCError(
        RPCError.invalidParams,
        "the prompt is longer than \(Self.longestPrompt) bytes, or holds a zero byte"
      )
    }
    let turn = EditorTurn(
      home: home,
      settings: settings,
      session: session,
      connection: connection
    )
    return try await turn.run(prompt)
  }

  // MARK: A session that there was before

  private func load(_ name: String, _ directory: String) async throws {
    guard let record = EditorRecord.load(name, home) else {
      throw RPCError(ACPErrorCode.notFound, "there is no such session")
    }
    guard record.directory == directory else {
      throw RPCError(RPCError.invalidParams, "the session is of another directory")
    }
    let session = EditorSession(record)
    let home = home
    let client = try await offThread { try DaemonStart.client(home) }
    for given in record.assignments.suffix(Self.mostReplayed) {
      try await connection.tell(.userMessage(.text(given.prompt)), in: name)
      try await replay(given, client, name)
    }
    sessions.withLock { $0[name] = session }
  }

  private func replay(
    _ given: EditorRecord.Given,
    _ client: DaemonClient,
    _ session: String
  ) async throws {
    var thread: EditorThread?
    var page = 0
    while true {
      let after = page
      let view: StepsView
      do {
        view = try await offThread {
          try client.get("/v1/assignments/\(given.id)/steps", [("after", String(after))])
        }
      } catch is WorkProblem {
        return try await connection.say("(\(given.id) is on record no more.)", in: session)
      }
      var told = thread ?? EditorThread(view.assignment)
      for update in told.updates(view.steps) { try await connection.tell(update, in: session) }
      thread = told
      page = view.steps.last?.number ?? after
      guard view.isCut, page > after else {
        let isOver = view.assignment.isOver
        return try await connection.say(
          "(\(given.id): \(view.assignment.state)\(isOver ? "" : "; your next message comes back to it"))",
          in: session
        )
      }
    }
  }
}

extension ACPAgentSession.Action {
  /// The request that it answers.
  fileprivate var request: RequestID {
    switch self {
    case .begin(let id, _, _), .load(let id, _, _), .work(let id, _, _): id
    case .send, .cancel, .answered: .number(0)
    }
  }
}
