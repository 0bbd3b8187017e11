import Dialects
import JSONRPC

/// One client's talk with one server: what is said next, as a function of what happened.
///
/// Until the greeting is over nothing else is sent. Tools are called only by the names of a list that
/// is current. Each request has an id of its own, never used again.
package struct ClientSession: Sendable {
  enum State: Sendable {
    case idle
    case opening
    case open(ServerInfo)
    case ended(SessionError)
  }

  enum Purpose: Sendable {
    /// `server/discover`.
    case discover
    case initialize
    /// `subscriptions/listen`: answered when the server has had enough.
    case listen
    case list(Ticket, ListingProgress)
    case call(Ticket)
  }

  struct ListingProgress: Sendable {
    var listing = ToolListing()
    var pages = 0
    var cursors: Set<String> = []
    /// Whether the server changed its tools while it listed them.
    var isStale = false
  }

  let options: SessionOptions
  var state = State.idle
  var pending: [Int: Purpose] = [:]
  /// The tools of the last list, while it is current.
  var tools: Set<String>?
  package internal(set) var counters = SessionCounters()
  var mayProbeAgain = true
  private var nextID = 1

  package init(_ options: SessionOptions = SessionOptions()) {
    self.options = options
  }

  /// What the server said of itself, once it did.
  package var server: ServerInfo? {
    if case .open(let info) = state { info } else { nil }
  }

  package var error: SessionError? {
    if case .ended(let error) = state { error } else { nil }
  }

  /// Greets the server.
  package mutating func open() -> [SessionAction] {
    guard case .idle = state else { return [] }
    state = .opening
    let greeting = options.wire == .handshake ? initialize() : discover()
    return greeting + [.wait(.opening, options.opening)]
  }

  /// A line that the server wrote.
  package mutating func receive(_ line: [UInt8]) -> [SessionAction] {
    switch state {
    case .idle, .ended: return []
    case .opening, .open: break
    }
    do throws(WireError) {
      return receive(try RPCMessage.parse(line, bounds: options.bounds))
    } catch {
      guard RPCMessage.isNoise(line) else { return end(.badFrame(error)) }
      counters.noise += 1
      return counters.noise > options.noise ? end(.tooMuchNoise(lines: counters.noise)) : []
    }
  }

  /// Ends the session, and tells everybody who waits.
  package mutating func end(_ error: SessionError) -> [SessionAction] {
    if case .ended = state { return [] }
    state = .ended(error)
    tools = nil
    let waiting = pending.sorted { $0.key < $1.key }
    pending = [:]
    return waiting.compactMap { _, purpose in
      switch purpose {
      case .list(let ticket, _), .call(let ticket): .failed(ticket, .session(error))
      case .discover, .initialize, .listen: nil
      }
    } + [.end(error)]
  }

  /// A time has passed that was asked for.
  package mutating func expired(_ deadline: Deadline) -> [SessionAction] {
    switch (deadline, state) {
    case (.probe, .opening):
      // Nothing was said to it yet that a handshake could not follow.
      return options.wire == .automatic && !isPending(\.isInitialize) ? initialize() : []
    case (.opening, .opening):
      return end(.silent(seconds: Int(options.opening.components.seconds)))
    case (.request(let id), .open):
      return giveUp(id, .timedOut, reason: "it took too long")
    default:
      return []
    }
  }

  /// Whether anything comes of a time that was asked for.
  package func awaits(_ deadline: Deadline) -> Bool {
    switch (deadline, state) {
    case (.probe, .opening), (.opening, .opening): true
    case (.request(let id), .open): pending[id] != nil
    default: false
    }
  }

  /// Forgets a request, and tells the server so.
  mutating func giveUp(_ id: Int, _ error: CallError, reason: String) -> [SessionAction] {
    switch pending[id] {
    case .call(let ticket), .list(let ticket, _):
      pending[id] = nil
      let frame = Frame.notification("notifications/cancelled") { params in
        params.int("requestId", id)
        params.string("reason", reason)
        if isStateless { writeMeta(&params, progress: nil) }
      }
      return [.send(frame), .failed(ticket, error)]
    case .discover, .initialize, .listen, nil:
      return []
    }
  }

  mutating func request(
    _ method: String,
    _ purpose: Purpose,
    isStateless: Bool,
    reportsProgress: Bool = false,
    key: String? = nil,
    params: (inout JSONWriter) -> Void = { _ in }
  ) -> (id: Int, frame: [UInt8]) {
    let id = nextID
    nextID += 1
    pending[id] = purpose
    let frame = Frame.request(.number(id), method) { object in
      params(&object)
      let progress = reportsProgress ? id : nil
      if isStateless {
        writeMeta(&object, progress: progress, key: key)
      } else if let progress {
        object.object("_meta") { meta in
          meta.int("progressToken", progress)
          meta.string(MetaKey.idempotency, ifAny: key)
        }
      }
    }
    return (id, frame)
  }

  /// What each request of the stateless revision says for itself.
  private func writeMeta(_ params: inout JSONWriter, progress: Int?, key: String? = nil) {
    params.object("_meta") { meta in
      meta.string(MetaKey.revision, ProtocolRevision.july2026.rawValue)
      meta.object(MetaKey.client, writeIdentity)
      // Nothing is offered: neither a person, nor a model, nor a list of directories.
      meta.object(MetaKey.capabilities) { _ in }
      meta.int("progressToken", ifAny: progress)
      meta.string(MetaKey.idempotency, ifAny: key)
    }
  }

  func writeIdentity(_ identity: inout JSONWriter) {
    identity.string("name", options.name)
    identity.string("version", options.version)
  }

  /// Whether a request had this id once.
  func wasAsked(_ id: Int) -> Bool { id >= 1 && id < nextID }

  var isStateless: Bool { server?.revision.isStateless ?? false }

  func isPending(_ matches: (Purpose) -> Bool) -> Bool {
    pending.values.contains(where: matches)
  }
}

/// The names of what requests say for themselves.
package enum MetaKey {
  package static let idempotency: StaticString = "caisson.idempotency-key"
  package static let revision: StaticString = "io.modelcontextprotocol/protocolVersion"
  package static let client: StaticString = "io.modelcontextprotocol/clientInfo"
  package static let capabilities: StaticString = "io.modelcontextprotocol/clientCapabilities"
  package static let server: StaticString = "io.modelcontextprotocol/serverInfo"
  package static let subscription: StaticString = "io.modelcontextprotocol/subscriptionId"
}

extension ClientSession.Purpose {
  var isInitialize: Bool { if case .initialize = self { true } else { false } }
  var isDiscover: Bool { if case .discover = self { true } else { false } }
}
