package import Dialects
package import JSONRPC

/// One of the answers that an agent can be given to a question.
package struct PermissionOption: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case allowOnce = "allow_once"
    case allowAlways = "allow_always"
    case rejectOnce = "reject_once"
    case rejectAlways = "reject_always"
  }

  package var id: String
  package var name: String
  /// Nil for one that is not known here, which is never chosen.
  package var kind: Kind?

  package init(id: String, name: String, kind: Kind?) {
    self.id = id
    self.name = name
    self.kind = kind
  }
}

/// What an agent wants to be allowed.
package struct PermissionRequest: Hashable, Sendable {
  package let session: String
  package var toolCall: ToolCallReport
  package var options: [PermissionOption]

  private static let mostOptions = 32

  package init(session: String, toolCall: ToolCallReport, options: [PermissionOption]) {
    self.session = session
    self.toolCall = toolCall
    self.options = options
  }

  /// Reads the params of `session/request_permission`.
  package init(_ params: JSON?) throws(RPCError) {
    guard let session = params?["sessionId"]?.string,
      let toolCall = params?["toolCall"].flatMap(ToolCallReport.init),
      let list = params?["options"], list.isArray
    else {
      throw RPCError(
        RPCError.invalidParams,
        "a question needs sessionId, toolCall with toolCallId, and options"
      )
    }
    self.session = session
    self.toolCall = toolCall
    options = list.elements.prefix(Self.mostOptions).compactMap { option in
      guard let length = option["optionId"]?.stringLength, length <= ToolCallReport.longestID,
        let id = option["optionId"]?.string
      else { return nil }
      return PermissionOption(
        id: id,
        name: option["name"]?.string ?? "",
        kind: option["kind"]?.string.flatMap(PermissionOption.Kind.init)
      )
    }
  }

  package func frame(_ id: RequestID) -> [UInt8] {
    Frame.request(id, ACPMethod.requestPermission) { params in
      params.string("sessionId", session)
      params.object("toolCall", toolCall.write)
      params.array("options") { list in
        for option in options {
          list.object { object in
            object.string("optionId", option.id)
            object.string("name", option.name)
            object.string("kind", option.kind?.rawValue ?? "reject_once")
          }
        }
      }
    }
  }

  /// The first option of the first of these kinds that there is.
  package func option(_ kinds: PermissionOption.Kind...) -> PermissionOption? {
    for kind in kinds {
      if let option = options.first(where: { $0.kind == kind }) { return option }
    }
    return nil
  }
}

/// What became of a question of an agent, as it is told.
package enum PermissionOutcome: Hashable, Sendable {
  case selected(String)
  /// The turn was cancelled, or nobody chose.
  case cancelled

  /// Reads a client's result; what is not understood allows nothing.
  package init(_ result: JSON) {
    let outcome = result["outcome"]
    guard outcome?["outcome"]?.equals("selected") == true, let id = outcome?["optionId"]?.string
    else {
      self = .cancelled
      return
    }
    self = .selected(id)
  }

  package func frame(_ id: RequestID) -> [UInt8] {
    Frame.result(id) { result in
      result.object("outcome") { outcome in
        switch self {
        case .selected(let option):
          outcome.string("outcome", "selected")
          outcome.string("optionId", option)
        case .cancelled: outcome.string("outcome", "cancelled")
        }
      }
    }
  }
}
