import Dialects
import Journal
import MCP

/// A server's tool as the start step froze it.
struct FrozenTool: Sendable, Equatable {
  /// What the model calls it.
  let name: String
  let server: String
  let tool: String
  /// The hash of what a person approved.
  let pin: String

  /// All of them, as the start step says.
  static func all(in start: StepRecord?) -> [FrozenTool] {
    guard let outcome = start?.outcome,
      let body = try? JSONDocument.object(Array(outcome.body.utf8), bounds: .answer),
      let servers = body["servers"]
    else { return [] }
    return servers.elements.flatMap { server -> [FrozenTool] in
      guard let name = server["server"]?.string, let pin = server["pin"]?.string,
        let tools = server["tools"]
      else { return [] }
      return tools.elements.compactMap(\.string).map { tool in
        FrozenTool(
          name: ToolNames.name(server: name, tool: tool),
          server: name,
          tool: tool,
          pin: pin
        )
      }
    }
  }
}

/// What comes of asking for the servers of a policy before the work.
struct FrozenServers {
  var offers: [ServerOffer] = []
  /// Names of servers that are not there, and why.
  var left: [(server: String, reason: String)] = []

  /// As OpenAI's chat dialect has them.
  var definitions: [RawJSON] {
    offers.flatMap { offer in
      offer.tools.map { tool in
        RawJSON { writer in
          writer.object { item in
            item.string("type", "function")
            item.object("function") { function in
              function.string("name", ToolNames.name(server: offer.server, tool: tool.name))
              function.string("description", tool.description)
              function.raw("parameters", ifAny: try? RawJSON(parsing: tool.inputSchema))
            }
          }
        }
      }
    }
  }

  /// Words for the model; why stands in the start step alone.
  var note: String? {
    left.isEmpty
      ? nil
      : "Tools of these servers are not there in this work: "
        + left.map(\.server).joined(separator: ", ") + "."
  }

  func write(to json: inout JSONWriter) {
    json.array("servers") { list in
      for offer in offers {
        list.object { server in
          server.string("pin", offer.inquiry.hash)
          server.string("server", offer.server)
          server.strings("tools", offer.tools.map(\.name))
        }
      }
    }
    json.array("left_out") { list in
      for (name, reason) in left {
        list.object { server in
          server.string("reason", reason)
          server.string("server", name)
        }
      }
    }
  }
}
