package import Dialects
package import JSONRPC

/// What a client asks of an agent, read from a request's method and params.
package enum AgentRequest: Hashable, Sendable {
  case initialize(ClientGreeting)
  case authenticate(String)
  case newSession(directory: String)
  case loadSession(String, directory: String)
  case prompt(session: String, [ContentBlock])

  private static let mostBlocks = 1024

  /// Throws what the request is to be answered with.
  package init(_ method: String, _ params: JSON?) throws(RPCError) {
    switch method {
    case ACPMethod.initialize: self = .initialize(try ClientGreeting(params))
    case ACPMethod.authenticate:
      self = .authenticate(try Self.text(params, "methodId", method))
    case ACPMethod.newSession:
      self = .newSession(directory: try Self.directory(params, method))
    case ACPMethod.loadSession:
      self = .loadSession(
        try Self.text(params, "sessionId", method),
        directory: try Self.directory(params, method)
      )
    case ACPMethod.prompt:
      let session = try Self.text(params, "sessionId", method)
      guard let list = params?["prompt"], list.isArray else {
        throw RPCError(RPCError.invalidParams, "\(method) has no list prompt")
      }
      var blocks: [ContentBlock] = []
      for element in list.elements {
        guard let block = ContentBlock(element), blocks.count < Self.mostBlocks else {
          throw RPCError(
            RPCError.invalidParams,
            "the prompt holds a block that is not understood, or more than \(Self.mostBlocks)"
          )
        }
        blocks.append(block)
      }
      self = .prompt(session: session, blocks)
    default:
      throw RPCError(RPCError.methodNotFound, "there is no method \(method.prefix(64)) here")
    }
  }

  private static func text(
    _ params: JSON?,
    _ key: StaticString,
    _ method: String
  ) throws(RPCError) -> String {
    guard let text = params?[key]?.string, !text.isEmpty else {
      throw RPCError(RPCError.invalidParams, "\(method) names no \(key)")
    }
    return text
  }

  private static func directory(_ params: JSON?, _ method: String) throws(RPCError) -> String {
    let directory = try text(params, "cwd", method)
    guard directory.hasPrefix("/"), !directory.utf8.contains(0) else {
      throw RPCError(RPCError.invalidParams, "the cwd of \(method) is no absolute path")
    }
    return directory
  }
}

/// What an agent answers to those that are not answered by a greeting.
package enum AgentAnswer {
  package static func newSession(_ id: RequestID, _ session: String) -> [UInt8] {
    Frame.result(id) { $0.string("sessionId", session) }
  }

  package static func loaded(_ id: RequestID) -> [UInt8] { Frame.result(id) }

  package static func prompt(_ id: RequestID, _ end: TurnEnd) -> [UInt8] {
    Frame.result(id) { $0.string("stopReason", end.name) }
  }
}

/// What a client tells an agent and wants no answer to.
package enum AgentNotice: Hashable, Sendable {
  case cancel(session: String)
  /// One that means nothing here, by its method.
  case other(String)

  package init(_ method: String, _ params: JSON?) {
    guard method == ACPMethod.cancel, let session = params?["sessionId"]?.string else {
      self = .other(String(method.prefix(64)))
      return
    }
    self = .cancel(session: session)
  }
}
