import CLinux
import Dispatch
package import JSONRPC
import Synchronization

/// Serves tools over a pair of descriptors, mostly standard input and output, until the input ends.
package struct StdioHost: Sendable {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let identity: ServerSession.Identity
  private let tools: [ServedTool]
  private let bounds: WireBounds

  package init(
    _ identity: ServerSession.Identity,
    tools: [ServedTool],
    bounds: WireBounds = WireBounds()
  ) {
    self.identity = identity
    self.tools = tools
    self.bounds = bounds
  }

  /// How long calls that are under way when the client leaves may take.
  private static let grace = Duration.seconds(5)

  /// Returns when the client has closed its end, and the calls that were under way are over.
  ///
  /// SIGPIPE must be ignored by the process: a client that is gone is an error here.
  package func serve(input: Int32 = 0, output: Int32 = 1) async throws {
    let session = SharedSession(
      ServerSession(identity, tools: tools.map(\.definition), bounds: bounds)
    )
    let reader = BlockingReader(input)
    let writer = BlockingWriter(output)
    try await withThrowingTaskGroup(of: Void.self) { group in
      var lines = LineReader(bound: bounds.length)
      var running: [RequestID: CallHandle] = [:]
      while let bytes = try await reader.read() {
        let frames: [[UInt8]]
        do {
          frames = try lines.receive(bytes)
        } catch {
          // Where the next message begins is not known any more.
          let answer = RPCError(RPCError.invalidRequest, "\(error)")
          try await writer.write(Frame.failure(nil, answer))
          break
        }
        for frame in frames {
          for action in session.state.withLock({ $0.receive(frame) }) {
            switch action {
            case .send(let frame): try await writer.write(frame)
            case .cancel(let id): running[id]?.cancel()
            case .call(let call):
              let handle = CallHandle()
              running[call.id] = handle
              group.addTask {
                let result = await handle.run {
                  await answer(call) { done, message in
                    let frames = session.state.withLock {
                      $0.progress(call.id, done: done, message: message)
                    }
                    // A client that is gone is noticed when it is answered.
                    for case .send(let frame) in frames { try? await writer.write(frame) }
                  }
                }
                for case .send(let frame) in session.state.withLock({ $0.finish(call.id, result) })
                {
                  try await writer.write(frame)
                }
              }
            }
          }
        }
        running = running.filter { !$0.value.isDone }
      }
      let late = running.values
      // Cancelled below, once all calls are over.
      let patience = Task {
        try await Task.sleep(for: Self.grace)
        for handle in late { handle.cancel() }
      }
      defer { patience.cancel() }
      try await group.waitForAll()
    }
  }

  private func answer(
    _ call: ServerSession.Call,
    progress: @escaping @Sendable (Int, String) async -> Void
  ) async -> ToolAnswer {
    guard let tool = tools.first(where: { $0.definition.name == call.tool }) else {
      return .error("there is no tool \(call.tool) here")
    }
    do {
      return try await tool.answer(
        call.wantsProgress
          ? ServedTool.Arguments(call.arguments, progress: progress)
          : ServedTool.Arguments(call.arguments)
      )
    } catch {
      return .error("\(error)")
    }
  }
}

private final class SharedSession: Sendable {
  let state: Mutex<ServerSession>

  init(_ session: ServerSession) { state = Mutex(session) }
}

/// A call that can be cancelled by itself.
private final class CallHandle: Sendable {
  private struct State {
    var isCancelled = false
    var isDone = false
    var task: Task<ToolAnswer, Never>?
  }

  private let state = Mutex(State())

  var isDone: Bool { state.withLock { $0.isDone } }

  /// The task is cancelled by `cancel`, or with the task that waits for it here.
  func run(_ body: @escaping @Sendable () async -> ToolAnswer) async -> ToolAnswer {
    let task = Task { await body() }
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    state.withLock { state in
      state.isDone = true
      state.task = nil
    }
    return result
  }

  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }
}

/// Reads that block, on a thread that is not one of those that everybody shares.
package struct BlockingReader: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "mcp input")

  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// The next bytes; nil at the end.
  package func read() async throws -> [UInt8]? {
    let result = await withCheckedContinuation { continuation in
      queue.async {
        let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
          count = cl_read(descriptor, buffer.baseAddress, buffer.count)
          if count < 0 { count = 0 }
        }
        continuation.resume(returning: bytes)
      }
    }
    return result.isEmpty ? nil : result
  }
}

/// Whole lines, one after the other, whoever writes them.
package struct BlockingWriter: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "mcp output")

  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  package func write(_ frame: [UInt8]) async throws(StdioHost.Failure) {
    let isWritten = await withCheckedContinuation { continuation in
      queue.async {
        let line = frame + [UInt8(ascii: "\n")]
        var done = 0
        while done < line.count {
          let count = line.withUnsafeBytes {
            cl_write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
          }
          guard count > 0 else { break }
          done += count
        }
        continuation.resume(returning: done == line.count)
      }
    }
    guard isWritten else { throw StdioHost.Failure(description: "the client reads nothing more") }
  }
}
