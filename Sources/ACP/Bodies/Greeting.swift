package import Dialects
package import JSONRPC

/// What a client says of itself first.
package struct ClientGreeting: Hashable, Sendable {
  package var version: Int
  package var identity: ACPIdentity?
  /// Whether it reads and writes files, and runs commands, for an agent that asks.
  package var readsFiles = false
  package var writesFiles = false
  package var hasTerminal = false

  package init(version: Int = ACP.version, identity: ACPIdentity?) {
    self.version = version
    self.identity = identity
  }

  /// Reads the params of `initialize`. A version that is no number counts as one that is not known.
  package init(_ params: JSON?) throws(RPCError) {
    guard let version = params?["protocolVersion"] else {
      throw RPCError(RPCError.invalidParams, "initialize names no protocolVersion")
    }
    self.version = version.int ?? 0
    identity = ACPIdentity(params?["clientInfo"])
    let capabilities = params?["clientCapabilities"]
    readsFiles = capabilities?["fs"]?["readTextFile"]?.bool ?? false
    writesFiles = capabilities?["fs"]?["writeTextFile"]?.bool ?? false
    hasTerminal = capabilities?["terminal"]?.bool ?? false
  }

  package func frame(_ id: RequestID) -> [UInt8] {
    Frame.request(id, ACPMethod.initialize) { params in
      params.int("protocolVersion", version)
      params.object("clientCapabilities") { capabilities in
        capabilities.object("fs") { fs in
          fs.bool("readTextFile", readsFiles)
          fs.bool("writeTextFile", writesFiles)
        }
        capabilities.bool("terminal", hasTerminal)
      }
      if let identity { params.object("clientInfo", identity.write) }
    }
  }
}

/// What an agent answers to it.
package struct AgentGreeting: Hashable, Sendable {
  package struct LogIn: Hashable, Sendable {
    package var id: String
    package var name: String

    package init(id: String, name: String) {
      self.id = id
      self.name = name
    }
  }

  package var version: Int
  package var identity: ACPIdentity?
  /// Whether it takes up a session that it had before.
  package var loadsSessions = false
  /// What a prompt may hold beside text and links.
  package var takesImages = false
  package var takesAudio = false
  package var takesResources = false
  package var logIns: [LogIn] = []

  package init(version: Int = ACP.version, identity: ACPIdentity?) {
    self.version = version
    self.identity = identity
  }

  /// Reads the result of `initialize`; nil where it names no version.
  package init?(_ result: JSON) {
    guard let version = result["protocolVersion"]?.int else { return nil }
    self.version = version
    identity = ACPIdentity(result["agentInfo"])
    let capabilities = result["agentCapabilities"]
    loadsSessions = capabilities?["loadSession"]?.bool ?? false
    let prompt = capabilities?["promptCapabilities"]
    takesImages = prompt?["image"]?.bool ?? false
    takesAudio = prompt?["audio"]?.bool ?? false
    takesResources = prompt?["embeddedContext"]?.bool ?? false
    logIns = (result["authMethods"].map { Array($0.elements.prefix(32)) } ?? []).compactMap {
      method in
      method["id"]?.string.map { id in
        LogIn(
          id: String(id.prefix(ACPIdentity.longest)),
          name: String((method["name"]?.string ?? id).prefix(ACPIdentity.longest))
        )
      }
    }
  }

  package func frame(_ id: RequestID) -> [UInt8] {
    Frame.result(id) { result in
      result.int("protocolVersion", version)
      result.object("agentCapabilities") { capabilities in
        capabilities.bool("loadSession", loadsSessions)
        capabilities.object("promptCapabilities") { prompt in
          prompt.bool("image", takesImages)
          prompt.bool("audio", takesAudio)
          prompt.bool("embeddedContext", takesResources)
        }
      }
      result.array("authMethods") { list in
        for way in logIns {
          list.object { object in
            object.string("id", way.id)
            object.string("name", way.name)
          }
        }
      }
      if let identity { result.object("agentInfo", identity.write) }
    }
  }
}
