import Dialects
import JSONRPC

extension ClientSession {
  mutating func discover() -> [SessionAction] {
    let (_, frame) = request("server/discover", .discover, isStateless: true)
    return [.send(frame), .wait(.probe, options.probe)]
  }

  mutating func initialize() -> [SessionAction] {
    let identity = writeIdentity
    let (_, frame) = request("initialize", .initialize, isStateless: false) { params in
      params.string("protocolVersion", ProtocolRevision.newestHandshake.rawValue)
      params.object("capabilities") { _ in }
      params.object("clientInfo", identity)
    }
    return [.send(frame)]
  }

  /// A server that knows the question tells its revisions; whatever else it says, it is an older one.
  mutating func discovered(_ result: JSON) -> [SessionAction] {
    guard case .opening = state else { return [] }
    let names = result["supportedVersions"]?.elements.prefix(64).compactMap(\.string) ?? []
    guard names.contains(ProtocolRevision.july2026.rawValue) else { return discoverFailed(names) }
    let meta = result["_meta"]?.members.first { $0.key.equals(MetaKey.server) }?.value
    let info = self.info(
      .july2026,
      identity: meta ?? result["serverInfo"],
      capabilities: result["capabilities"],
      instructions: result["instructions"]
    )
    pending = [:]
    state = .open(info)
    var actions = [SessionAction.opened(info)]
    if info.announcesToolChanges {
      let (_, frame) = request("subscriptions/listen", .listen, isStateless: true) { params in
        params.object("notifications") { $0.bool("toolsListChanged", true) }
      }
      actions.append(.send(frame))
    }
    return actions
  }

  mutating func discoverFailed(_ error: RPCError) -> [SessionAction] {
    guard case .opening = state else { return [] }
    if options.wire == .stateless, error.code != RPCError.unsupportedRevision {
      return end(.refused(error))
    }
    return discoverFailed(error.supported ?? [])
  }

  private mutating func discoverFailed(_ names: [String]) -> [SessionAction] {
    let handshakes = ProtocolRevision.allCases.filter { !$0.isStateless }.map(\.rawValue)
    guard options.wire == .automatic, names.isEmpty || names.contains(where: handshakes.contains)
    else { return end(.noCommonRevision(names)) }
    // Where the handshake went out already, its answer decides.
    return isPending(\.isInitialize) ? [] : initialize()
  }

  mutating func initialized(_ result: JSON) -> [SessionAction] {
    guard case .opening = state else { return [] }
    guard let name = result["protocolVersion"]?.string else {
      return end(.badGreeting("it names no revision of the protocol"))
    }
    guard let revision = ProtocolRevision(rawValue: name), !revision.isStateless else {
      return end(.noCommonRevision([String(name.prefix(64))]))
    }
    let info = self.info(
      revision,
      identity: result["serverInfo"],
      capabilities: result["capabilities"],
      instructions: result["instructions"]
    )
    pending = [:]
    state = .open(info)
    return [.send(Frame.notification("notifications/initialized")), .opened(info)]
  }

  mutating func initializeFailed(_ error: RPCError) -> [SessionAction] {
    guard case .opening = state else { return [] }
    // A slow server may still answer the first question.
    if isPending(\.isDiscover) { return [] }
    // Or it took that question for its greeting, and answered it too late.
    if error.code == RPCError.unsupportedRevision, options.wire == .automatic, mayProbeAgain {
      mayProbeAgain = false
      return discover()
    }
    return end(.refused(error))
  }

  private func info(
    _ revision: ProtocolRevision,
    identity: JSON?,
    capabilities: JSON?,
    instructions: JSON?
  ) -> ServerInfo {
    func text(_ json: JSON?, _ length: Int) -> String? {
      json?.string.map { String($0.prefix(length)) }
    }
    let tools = capabilities?.present("tools")
    return ServerInfo(
      name: text(identity?["name"], ServerInfo.longestName) ?? "",
      version: text(identity?["version"], ServerInfo.longestName) ?? "",
      revision: revision,
      instructions: text(instructions, 16 << 10),
      hasTools: tools != nil,
      announcesToolChanges: tools?["listChanged"]?.bool ?? false
    )
  }
}
