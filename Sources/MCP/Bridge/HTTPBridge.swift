import Dialects
package import JSONRPC

/// What goes over HTTP for each line of a client, and what comes back for it: the streamable HTTP of
/// the revisions since 2025-03-26, without I/O.
package struct HTTPBridge: Sendable {
  /// A request that carries one message.
  package struct Post: Sendable {
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// What is answered; nil for a notification and for an answer to the server.
    package var id: RequestID?
    var method: String
    /// Whether it belongs to a session that a handshake began.
    package var isLegacy: Bool
    /// Whether a stream for what the server says by itself is asked for after it.
    package var opensStream: Bool
  }

  package enum Step: Sendable {
    case post(Post)
    /// Closes the stream of an answer: that is how the stateless revision cancels.
    case abandon(RequestID)
    /// Both: the server is told, and its answer is not waited for.
    case postAndAbandon(Post, RequestID)
  }

  /// How the body of an answer is read.
  package enum Reading: Sendable {
    case message
    case events
    case nothing
    /// A body that may tell why.
    case failure
    /// The server knows the session no more: only a new handshake helps.
    case sessionLost
  }

  private let bounds: WireBounds
  private var revision: ProtocolRevision?
  package private(set) var sessionID: String?
  private var modern: Set<RequestID> = []
  private var parameters: [String: HeaderParameters] = [:]

  package init(bounds: WireBounds = WireBounds()) {
    self.bounds = bounds
  }

  /// What is done about a line of the client.
  package mutating func plan(_ line: [UInt8]) throws(WireError) -> Step {
    switch try RPCMessage.parse(line, bounds: bounds) {
    case .request(let id, let method, let params):
      return .post(request(id, method, params, line))
    case .notification(let method, let params):
      let post = post(line, method: method, opensStream: method == "notifications/initialized")
      guard method == "notifications/cancelled",
        let id = params?["requestId"].flatMap(RequestID.init)
      else { return .post(post) }
      return modern.remove(id) != nil ? .abandon(id) : .postAndAbandon(post, id)
    case .result, .failure:
      return .post(post(line, method: "", opensStream: false))
    }
  }

  private mutating func request(
    _ id: RequestID,
    _ method: String,
    _ params: JSON?,
    _ line: [UInt8]
  ) -> Post {
    guard let stated = params?["_meta"]?[MetaKey.revision]?.string else {
      var post = post(line, method: method, opensStream: false)
      post.id = id
      return post
    }
    modern.insert(id)
    var headers = Self.headers
    headers.append(("MCP-Protocol-Version", HeaderParameters.encoded(stated)))
    headers.append(("Mcp-Method", HeaderParameters.encoded(method)))
    let name =
      switch method {
      case "tools/call", "prompts/get": params?["name"]?.string
      case "resources/read": params?["uri"]?.string
      default: String?.none
      }
    if let name {
      headers.append(("Mcp-Name", HeaderParameters.encoded(name)))
      if method == "tools/call", let parameters = parameters[name] {
        headers += parameters.headers(params?["arguments"])
      }
    }
    return Post(
      headers: headers,
      body: line,
      id: id,
      method: method,
      isLegacy: false,
      opensStream: false
    )
  }

  private func post(_ line: [UInt8], method: String, opensStream: Bool) -> Post {
    Post(
      headers: Self.headers + (method == "initialize" ? [] : sessionHeaders),
      body: line,
      id: nil,
      method: method,
      isLegacy: true,
      opensStream: opensStream
    )
  }

  private static let headers = [
    (name: "Content-Type", value: "application/json"),
    (name: "Accept", value: "application/json, text/event-stream"),
  ]

  /// What each request of a session that a handshake began bears.
  private var sessionHeaders: [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    // Before 2025-06-18 nobody knew that header; nobody minds it, either.
    if let revision { headers.append(("MCP-Protocol-Version", revision.rawValue)) }
    if let sessionID { headers.append(("Mcp-Session-Id", sessionID)) }
    return headers
  }

  /// The head of a request for a stream: of what the server says by itself, or of the rest of an
  /// answer that broke off.
  package func streamHeaders(after id: String?) -> [(name: String, value: String)] {
    var headers = [(name: "Accept", value: "text/event-stream")] + sessionHeaders
    if let id { headers.append(("Last-Event-ID", id)) }
    return headers
  }

  /// The head of the request that ends the session.
  package var endHeaders: [(name: String, value: String)] { sessionHeaders }

  /// - Parameters:
  ///   - type: the `Content-Type` of the answer.
  ///   - session: its `Mcp-Session-Id`.
  package mutating func reading(
    _ post: Post,
    status: Int,
    type: String?,
    session: String?
  ) -> Reading {
    if status == 404, post.isLegacy, sessionID != nil { return .sessionLost }
    // Accepted, and nothing to come: that is no answer to a request.
    guard (200...299).contains(status), post.id == nil || status != 202 else { return .failure }
    if post.method == "initialize", let session, Self.isSessionID(session) { sessionID = session }
    return post.id == nil ? .nothing : Self.reading(type) ?? .failure
  }

  package static func reading(_ type: String?) -> Reading? {
    let type = type?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return switch type {
    case "application/json": .message
    case "text/event-stream": .events
    default: nil
    }
  }

  private static func isSessionID(_ text: String) -> Bool {
    (1...1024).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// A message that came over HTTP, as a line for the client, and whether it answers this request.
  /// Nothing where it is an answer to something else: each stream answers one request.
  package mutating func heard(
    _ frame: [UInt8],
    for post: Post?
  ) throws(WireError) -> (line: [UInt8]?, isAnswer: Bool) {
    switch try RPCMessage.parse(frame, bounds: bounds) {
    case .request, .notification:
      return (Self.oneLine(frame), false)
    case .result(let id, let result):
      guard let post, post.id == id else { return (nil, false) }
      modern.remove(id)
      if post.method == "initialize", let name = result["protocolVersion"]?.string {
        revision = ProtocolRevision(rawValue: name)
      }
      if post.method == "tools/list", !post.isLegacy {
        return (listing(id, result), true)
      }
      return (Self.oneLine(frame), true)
    case .failure(let id, let error):
      guard let post, let own = post.id, id == own || id == nil else { return (nil, false) }
      modern.remove(own)
      return (Frame.failure(own, error), true)
    }
  }

  /// The answer to a request that has none: in the words of the server where it has some.
  package mutating func failed(_ post: Post, status: Int, body: [UInt8]) -> [UInt8]? {
    guard let id = post.id else { return nil }
    if case .failure(_, let error)? = try? RPCMessage.parse(body, bounds: bounds) {
      modern.remove(id)
      return Frame.failure(id, error)
    }
    let hint =
      switch status {
      case 401, 403: "; it wants a credential: bind one to its host in the policy"
      case 300...399: "; its address has moved, and is not followed"
      default: ""
      }
    return broken(post, "the server answered with HTTP status \(status)\(hint)")
  }

  package mutating func broken(_ post: Post, _ why: String) -> [UInt8]? {
    guard let id = post.id else { return nil }
    modern.remove(id)
    return Frame.failure(id, RPCError(RPCError.internalError, why))
  }

  /// Learns which arguments go into headers, and leaves tools out whose annotations break the rules.
  private mutating func listing(_ id: RequestID, _ result: JSON) -> [UInt8] {
    Frame.result(id) { object in
      for (key, value) in result.members {
        object.key(key.string ?? "")
        guard key.equals("tools"), value.isArray else {
          object.raw(value.raw)
          continue
        }
        object.array { list in
          for tool in value.elements where learn(tool) { list.raw(tool.raw) }
        }
      }
    }
  }

  private mutating func learn(_ tool: JSON) -> Bool {
    guard let name = tool["name"]?.string, let schema = tool["inputSchema"] else { return true }
    do throws(HeaderParameters.Invalid) {
      let found = try HeaderParameters(schema)
      parameters[name] = found.isEmpty || parameters.count >= 4096 ? nil : found
      return true
    } catch {
      return false
    }
  }

  /// A checked message without breaks of lines, which would end it on a pipe.
  private static func oneLine(_ frame: [UInt8]) -> [UInt8] {
    guard frame.contains(where: { $0 == 0x0A || $0 == 0x0D }),
      let root = try? JSONDocument(frame, bounds: .answer).root
    else { return frame }
    var writer = JSONWriter(capacity: frame.count)
    writer.raw(root.raw)
    return writer.bytes
  }
}
