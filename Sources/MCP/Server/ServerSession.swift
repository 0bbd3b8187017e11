package import Dialects
package import JSONRPC

/// What a server says to one client: on both wires, whichever the client speaks.
///
/// A request that bears its revision is answered by the stateless one, for itself alone; any other
/// must follow a handshake.
package struct ServerSession: Sendable {
  package struct Identity: Hashable, Sendable {
    package var name: String
    package var version: String
    /// Advice to the model of whoever connects.
    package var instructions: String?

    package init(name: String, version: String, instructions: String? = nil) {
      self.name = name
      self.version = version
      self.instructions = instructions
    }
  }

  package enum Action: Sendable {
    case send([UInt8])
    /// Has the tool answer, and calls `finish` with the result.
    case call(Call)
    /// Nobody waits for this call any longer: its answer is not sent.
    case cancel(RequestID)
  }

  package struct Call: Sendable {
    package let id: RequestID
    package let tool: String
    /// Nil, or a checked object.
    package let arguments: JSON?
    /// Whether whoever asked wants to know how far it is.
    package let wantsProgress: Bool
  }

  /// A call under way.
  private struct Open {
    let revision: ProtocolRevision
    /// By which the client knows it in notifications of progress.
    let token: RequestID?
    /// Nobody waits for it any longer, but it goes on, and has its place until it is over.
    var isCancelled = false
  }

  /// Calls under way at a time.
  package static let mostCalls = 32

  private let identity: Identity
  private let tools: [ToolDefinition]
  private let bounds: WireBounds
  /// What a handshake agreed upon.
  package private(set) var agreed: ProtocolRevision?
  private var calls: [RequestID: Open] = [:]

  package init(_ identity: Identity, tools: [ToolDefinition], bounds: WireBounds = WireBounds()) {
    self.identity = identity
    self.tools = tools
    self.bounds = bounds
  }

  package mutating func receive(_ line: [UInt8]) -> [Action] {
    do throws(WireError) {
      switch try RPCMessage.parse(line, bounds: bounds) {
      case .request(let id, let method, let params):
        do throws(RPCError) {
          return try answer(id, method, params)
        } catch {
          return [.send(Frame.failure(id, error))]
        }
      case .notification(let method, let params):
        return noticed(method, params)
      case .result, .failure:
        // Nothing is asked of a client, so there is nothing to be answered.
        return []
      }
    } catch {
      let code =
        if case .malformed = error { RPCError.parseError } else { RPCError.invalidRequest }
      return [.send(Frame.failure(nil, RPCError(code, error.description)))]
    }
  }

  /// The answer of a tool; nothing where its call was cancelled.
  package mutating func finish(_ id: RequestID, _ result: ToolAnswer) -> [Action] {
    guard let call = calls.removeValue(forKey: id), !call.isCancelled else { return [] }
    let revision = call.revision
    let frame = self.result(id, revision) { result.write(to: &$0) }
    guard frame.count <= bounds.length else {
      let text = "The answer has \(frame.count) bytes; at most \(bounds.length) are sent."
      return [.send(self.result(id, revision) { ToolAnswer.error(text).write(to: &$0) })]
    }
    return [.send(frame)]
  }

  /// How far a call is; nothing where nobody wants to know.
  package func progress(_ id: RequestID, done: Int, message: String) -> [Action] {
    guard let call = calls[id], !call.isCancelled, let token = call.token else { return [] }
    return [
      .send(
        Frame.notification("notifications/progress") { params in
          token.write("progressToken", to: &params)
          params.int("progress", done)
          params.string("message", message)
        }
      )
    ]
  }

  private mutating func answer(
    _ id: RequestID,
    _ method: String,
    _ params: JSON?
  ) throws(RPCError) -> [Action] {
    let stated = try Self.statedRevision(params)
    let revision = stated ?? agreed
    switch (method, revision) {
    case ("initialize", _) where stated == nil: return [.send(try initialize(id, params))]
    case ("ping", _) where stated == nil: return [.send(Frame.result(id))]
    case ("server/discover", .july2026?):
      return [.send(result(id, .july2026, writeDiscovery))]
    case ("tools/list", let revision?): return [.send(try list(id, params, revision))]
    case ("tools/call", let revision?): return [.call(try call(id, params, revision))]
    case ("server/discover", _), (_, .some):
      throw RPCError(RPCError.methodNotFound, "there is no method \(method.prefix(64)) here")
    default:
      throw RPCError(RPCError.invalidRequest, "send initialize first")
    }
  }

  /// The revision that a request bears; nil where it bears none.
  private static func statedRevision(_ params: JSON?) throws(RPCError) -> ProtocolRevision? {
    guard let meta = params?.present("_meta"), let stated = meta[MetaKey.revision] else {
      return nil
    }
    guard let name = stated.string else {
      throw RPCError(RPCError.invalidParams, "the protocol version is no text")
    }
    guard ProtocolRevision(rawValue: name) == .july2026 else {
      let supported = RawJSON { data in
        data.object { object in
          object.strings("supported", [ProtocolRevision.july2026.rawValue])
          object.string("requested", String(name.prefix(64)))
        }
      }
      throw RPCError(
        RPCError.unsupportedRevision,
        "Unsupported protocol version",
        data: supported
      )
    }
    guard meta[MetaKey.capabilities]?.isObject == true else {
      throw RPCError(RPCError.invalidParams, "the request does not tell the client's capabilities")
    }
    return .july2026
  }

  private mutating func initialize(_ id: RequestID, _ params: JSON?) throws(RPCError) -> [UInt8] {
    guard agreed == nil else {
      throw RPCError(RPCError.invalidRequest, "the session was initialized before")
    }
    guard let name = params?["protocolVersion"]?.string else {
      throw RPCError(RPCError.invalidParams, "initialize names no protocolVersion")
    }
    let revision =
      ProtocolRevision(rawValue: name).flatMap { $0.isStateless ? nil : $0 } ?? .newestHandshake
    agreed = revision
    return Frame.result(id) { result in
      result.string("protocolVersion", revision.rawValue)
      writeCapabilities(&result)
      result.object("serverInfo", writeIdentity)
      result.string("instructions", ifAny: identity.instructions)
    }
  }

  private func list(
    _ id: RequestID,
    _ params: JSON?,
    _ revision: ProtocolRevision
  ) throws(RPCError) -> [UInt8] {
    guard params?.present("cursor") == nil else {
      throw RPCError(RPCError.invalidParams, "the list has one page; there is no such cursor")
    }
    return result(id, revision) { result in
      result.array("tools") { list in for tool in tools { tool.write(to: &list) } }
      if revision.isStateless { writeFreshness(&result) }
    }
  }

  private mutating func call(
    _ id: RequestID,
    _ params: JSON?,
    _ revision: ProtocolRevision
  ) throws(RPCError) -> Call {
    guard let name = params?["name"]?.string else {
      throw RPCError(RPCError.invalidParams, "the call names no tool")
    }
    guard tools.contains(where: { $0.name == name }) else {
      throw RPCError(RPCError.invalidParams, "there is no tool \(name.prefix(128)) here")
    }
    let arguments = params?.present("arguments")
    guard arguments?.isObject != false else {
      throw RPCError(RPCError.invalidParams, "the arguments are not an object")
    }
    guard calls[id] == nil else {
      throw RPCError(RPCError.invalidRequest, "a call with this id is under way")
    }
    guard calls.count < Self.mostCalls else {
      throw RPCError(
        RPCError.internalError,
        "\(Self.mostCalls) calls are under way; try again later"
      )
    }
    let token = params?.present("_meta")?.present("progressToken").flatMap(RequestID.init)
    calls[id] = Open(revision: revision, token: token)
    return Call(id: id, tool: name, arguments: arguments, wantsProgress: token != nil)
  }

  private mutating func noticed(_ method: String, _ params: JSON?) -> [Action] {
    guard method == "notifications/cancelled",
      let id = params?["requestId"].flatMap(RequestID.init), calls[id]?.isCancelled == false
    else { return [] }
    calls[id]?.isCancelled = true
    return [.cancel(id)]
  }

  private func result(
    _ id: RequestID,
    _ revision: ProtocolRevision,
    _ content: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    Frame.result(id) { result in
      content(&result)
      guard revision.isStateless else { return }
      result.string("resultType", "complete")
      result.object("_meta") { $0.object(MetaKey.server, writeIdentity) }
    }
  }

  private func writeDiscovery(_ result: inout JSONWriter) {
    result.strings("supportedVersions", [ProtocolRevision.july2026.rawValue])
    writeCapabilities(&result)
    result.string("instructions", ifAny: identity.instructions)
    writeFreshness(&result)
  }

  /// The tools are the same for as long as the process lives, and nobody else's business.
  private func writeFreshness(_ result: inout JSONWriter) {
    result.int("ttlMs", 0)
    result.string("cacheScope", "private")
  }

  private func writeCapabilities(_ result: inout JSONWriter) {
    result.object("capabilities") { capabilities in capabilities.object("tools") { _ in } }
  }

  private func writeIdentity(_ object: inout JSONWriter) {
    object.string("name", identity.name)
    object.string("version", identity.version)
  }
}

extension ToolDefinition {
  func write(to list: inout JSONWriter) {
    list.object { tool in
      tool.string("name", name)
      tool.string("title", ifAny: title)
      tool.string("description", description)
      // What is no JSON never gets into a definition; were it to, the schema would allow nothing.
      tool.raw("inputSchema", (try? RawJSON(parsing: inputSchema)) ?? .emptyObject)
      tool.raw("outputSchema", ifAny: outputSchema.flatMap { try? RawJSON(parsing: $0) })
      tool.raw("annotations", ifAny: annotations.flatMap { try? RawJSON(parsing: $0) })
    }
  }
}
