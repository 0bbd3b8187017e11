package import JSONRPC

/// Why there is no session with a server, or no longer one.
package enum SessionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its program could not be started.
  case notStarted(String)
  /// It sent what is refused; nothing that it says after that is heard.
  case badFrame(WireError)
  case tooMuchNoise(lines: Int)
  /// It did not answer in time when it was greeted.
  case silent(seconds: Int)
  case refused(RPCError)
  /// It speaks only revisions that are not known here.
  case noCommonRevision([String])
  case badGreeting(String)
  /// It does not read what it is sent.
  case notReading(bytes: Int)
  /// Its process has ended, or its pipe was closed.
  case ended(ServerEnd)
  case closed

  package var description: String {
    switch self {
    case .notStarted(let why): "the server could not be started: \(why)"
    case .badFrame(let error): "the server broke the protocol: \(error); the session was ended"
    case .tooMuchNoise(let lines):
      "the server wrote \(lines) lines to its output that are no messages; let it write to its "
        + "standard error instead"
    case .silent(let seconds): "the server did not answer within \(seconds) s of its start"
    case .refused(let error): "the server refused to begin: \(error)"
    case .noCommonRevision(let names):
      "the server speaks only revisions of the protocol that are not known here: "
        + names.prefix(8).joined(separator: ", ")
    case .badGreeting(let what): "the server's greeting is not understood: \(what)"
    case .notReading(let bytes): "the server reads nothing: \(bytes) bytes wait for it"
    case .ended(let end): "the server has ended: \(end)"
    case .closed: "the session was closed"
    }
  }
}

/// How a server's process came to its end.
package enum ServerEnd: Hashable, Sendable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)
  /// Its output was closed while it lived on.
  case outputClosed

  package var description: String {
    switch self {
    case .exited(let status): "it exited with status \(status)"
    case .signalled(let signal): "signal \(signal) ended it"
    case .outputClosed: "it closed its output"
    }
  }
}

/// Why a call has no answer.
package enum CallError: Error, Hashable, Sendable, CustomStringConvertible {
  case session(SessionError)
  case notStarted
  /// The tools were never asked for, or the server says that they have changed: whoever calls must
  /// list them, and hold them against their pins, first.
  case toolsNotListed
  case unknownTool(String)
  case badArguments(WireError)
  case tooLarge(bytes: Int, atMost: Int)
  case tooManyPending(Int)
  case timedOut
  case cancelled
  case refused(RPCError)
  /// The server wants a person, a model or a list of directories before it answers.
  case inputRequired([String])
  case badAnswer(String)

  package var description: String {
    switch self {
    case .session(let error): "\(error)"
    case .notStarted: "the session has not begun"
    case .toolsNotListed: "the server's tools must be listed and checked before one is called"
    case .unknownTool(let name): "the server offers no tool \(name)"
    case .badArguments(let error): "the arguments are refused: \(error)"
    case .tooLarge(let bytes, let most): "the call has \(bytes) bytes; at most \(most) are sent"
    case .tooManyPending(let most): "\(most) calls wait for this server already; try again later"
    case .timedOut:
      "the server did not answer in time; the call was cancelled, and may have happened"
    case .cancelled: "the call was cancelled, and may have happened"
    case .refused(let error): "the server refused: \(error)"
    case .inputRequired(let methods):
      "the server asks for \(methods.joined(separator: ", ")) before it answers, which is not offered"
    case .badAnswer(let what): "the server's answer is not understood: \(what)"
    }
  }
}
