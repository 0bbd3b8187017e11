import AsyncHTTPClient
import CLinux
import Glibc
import JSONRPC
import MCP
import NIOCore
import NIOHTTP1
import Synchronization

/// One run of the bridge, from the first line of its input to the end of it.
final class BridgeRun: Sendable {
  struct Ended: Error, CustomStringConvertible {
    let description: String
  }

  private struct State {
    var bridge = HTTPBridge()
    /// Requests whose answer is waited for.
    var tasks: [RequestID: Task<Void, Never>] = [:]
    var stream: Task<Void, Never>?
  }

  /// Requests under way at a time; then no more lines are read.
  private static let mostRequests = 128
  private static let goodbye = TimeAmount.seconds(2)

  private let web: Web
  private let state = Mutex(State())
  private let writer = BlockingWriter(1)

  init(_ options: BridgeOptions) {
    web = Web(options)
  }

  static func say(_ text: String) {
    let line = Array("caisson-mcp: \(text)\n".utf8)
    _ = cl_write(2, line, line.count)
  }

  func run() async throws {
    let reader = BlockingReader(0)
    var lines = LineReader()
    while let bytes = try await reader.read() {
      for line in try lines.receive(bytes) { try await pass(line) }
    }
    // Whoever asked is gone: nobody is answered any more.
    for task in state.withLock({ Array($0.tasks.values) + [$0.stream].compactMap(\.self) }) {
      task.cancel()
    }
    let (id, headers) = state.withLock { ($0.bridge.sessionID, $0.bridge.endHeaders) }
    if id != nil { await web.delete(headers, within: Self.goodbye) }
    await web.shutdown()
  }

  private func pass(_ line: [UInt8]) async throws {
    switch try state.withLock({ try $0.bridge.plan(line) }) {
    case .abandon(let id):
      abandon(id)
    case .postAndAbandon(let post, let id):
      abandon(id)
      await exchange(post)
    case .post(let post):
      // What has no answer goes one after the other: what follows may depend on it.
      guard let id = post.id else { return await exchange(post) }
      while state.withLock({ $0.tasks.count >= Self.mostRequests }) {
        try await Task.sleep(for: .milliseconds(10))
      }
      state.withLock { state in
        // Cancelled by `abandon`, or at the end of the input.
        state.tasks[id] = Task {
          await exchange(post)
          self.state.withLock { $0.tasks[id] = nil }
        }
      }
    }
  }

  private func abandon(_ id: RequestID) {
    state.withLock { $0.tasks.removeValue(forKey: id) }?.cancel()
  }

  private func exchange(_ post: HTTPBridge.Post) async {
    do {
      if let line = try await answer(to: post) { try await writer.write(line) }
      if post.opensStream { openStream() }
    } catch is CancellationError {
      return
    } catch let error as Ended {
      await end(post, error)
    } catch {
      guard !Task.isCancelled else { return }
      let why =
        error is WireError || error is Web.TooLong
        ? "the server broke the protocol: \(error)"
        : "the server cannot be reached, or broke off: \(error)"
      guard let line = state.withLock({ $0.bridge.broken(post, why) }) else { return Self.say(why) }
      try? await writer.write(line)
    }
  }

  /// A session that is lost is not begun anew in secret: whoever asks is told by this process's end.
  private func end(_ post: HTTPBridge.Post, _ error: Ended) async -> Never {
    if let line = state.withLock({ $0.bridge.broken(post, error.description) }) {
      try? await writer.write(line)
    }
    Self.say(error.description)
    exit(1)
  }

  /// The last line of an answer, those before it written.
  private func answer(to post: HTTPBridge.Post) async throws -> [UInt8]? {
    let response = try await web.post(post)
    let reading = state.withLock {
      $0.bridge.reading(
        post,
        status: Int(response.status.code),
        type: response.headers.first(name: "content-type"),
        session: response.headers.first(name: "mcp-session-id")
      )
    }
    switch reading {
    case .nothing:
      return nil
    case .sessionLost:
      throw Ended(description: "the server has ended the session; start it again")
    case .failure:
      let body = (try? await Web.body(response, atMost: 64 << 10)) ?? []
      let status = Int(response.status.code)
      guard let line = state.withLock({ $0.bridge.failed(post, status: status, body: body) }) else {
        Self.say("the server answered a notification with HTTP status \(status)")
        return nil
      }
      return line
    case .message:
      let body = try await Web.body(response, atMost: WireBounds().length)
      let heard = try state.withLock { try $0.bridge.heard(body, for: post) }
      guard heard.isAnswer, let line = heard.line else {
        return state.withLock { $0.bridge.broken(post, "the server answered something else") }
      }
      return line
    case .events:
      return try await follow(response, post)
    }
  }

  /// Reads the stream of an answer to its end, resuming it where it broke off and can be resumed.
  private func follow(
    _ response: HTTPClientResponse,
    _ post: HTTPBridge.Post
  ) async throws -> [UInt8]? {
    var response = response
    var lastID: String?
    var wait: Int?
    for _ in 0..<100 {
      var events = EventStream()
      do {
        if let line = try await read(response, &events, post) { return line }
      } catch let error as WireError {
        throw error
      } catch {
        if Task.isCancelled || !post.isLegacy || (events.lastID ?? lastID) == nil { throw error }
      }
      lastID = events.lastID ?? lastID
      wait = events.retry ?? wait
      guard post.isLegacy, let id = lastID else { break }
      try await Task.sleep(for: .milliseconds(min(wait ?? 500, 30_000)))
      response = try await web.stream(state.withLock { $0.bridge.streamHeaders(after: id) })
      guard response.status == .ok,
        HTTPBridge.reading(response.headers.first(name: "content-type")) == .events
      else { break }
    }
    return state.withLock { $0.bridge.broken(post, "the connection was lost before the answer") }
  }

  /// Writes what comes, and returns the answer that ends it, if it came.
  private func read(
    _ response: HTTPClientResponse,
    _ events: inout EventStream,
    _ post: HTTPBridge.Post?
  ) async throws -> [UInt8]? {
    for try await buffer in response.body {
      for event in try events.receive(buffer.readableBytesView) where !event.data.isEmpty {
        let heard = try state.withLock { try $0.bridge.heard(event.data, for: post) }
        guard let line = heard.line else { continue }
        if heard.isAnswer { return line }
        try await writer.write(line)
      }
    }
    return nil
  }

  /// What the server says by itself, where it offers a stream for it.
  private func openStream() {
    state.withLock { state in
      guard state.stream == nil else { return }
      // Cancelled at the end of the input.
      state.stream = Task { await listen() }
    }
  }

  private func listen() async {
    var lastID: String?
    var failures = 0
    while failures < 5, !Task.isCancelled {
      var events = EventStream()
      do {
        let response = try await web.stream(
          state.withLock { $0.bridge.streamHeaders(after: lastID) }
        )
        guard response.status == .ok,
          HTTPBridge.reading(response.headers.first(name: "content-type")) == .events
        else { return }
        _ = try await read(response, &events, nil)
        failures = events.lastID == nil ? failures + 1 : 0
      } catch is WireError {
        return Self.say("the server broke the protocol on its stream, which is not read any more")
      } catch {
        failures += 1
      }
      lastID = events.lastID ?? lastID
      try? await Task.sleep(for: .milliseconds(min(max(events.retry ?? 1000, 100), 30_000)))
    }
  }
}
