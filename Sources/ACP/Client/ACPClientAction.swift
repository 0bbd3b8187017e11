package import JSONRPC

/// A question of the agent that somebody is to answer.
package struct ACPTicket: Hashable, Sendable {
  package let number: Int

  package init(_ number: Int) { self.number = number }
}

/// A time that is waited for. One that is no longer of interest may come all the same.
package enum ACPDeadline: Hashable, Sendable {
  case opening
  case leaving
}

/// What the shell around a session does on its behalf.
package enum ACPClientAction: Hashable, Sendable {
  /// Sends a frame, with the end of a line behind it.
  case send([UInt8])
  /// Calls `expired` after this time.
  case wait(ACPDeadline, Duration)
  /// The agent works in this session now; `isFormer` where it took one up that it had.
  case opened(session: String, isFormer: Bool)
  /// A report of a tool is all that is known of that call by now.
  case news(SessionUpdate)
  /// Has somebody decide, and calls `answer`.
  case ask(ACPTicket, PermissionRequest)
  /// Nobody waits for an answer to this question any longer.
  case withdrawn(ACPTicket)
  /// Nothing is sent or heard any more.
  case finished(ACPEnd)
}

/// How the talk with an agent ended.
package enum ACPEnd: Hashable, Sendable {
  case ended(TurnEnd)
  case failed(ACPFailure)
}

/// Why an agent came to no end of its own.
package enum ACPFailure: Hashable, Sendable, CustomStringConvertible {
  /// It sent what is refused; nothing that it says after that is heard.
  case badFrame(WireError)
  case tooMuchNoise(lines: Int)
  /// It did not begin in time.
  case silent(seconds: Int)
  case version(Int)
  case badAnswer(String, String)
  case refused(String, RPCError)
  /// It wants somebody to log in, by one of these ways.
  case logIn([String])
  /// It does not read what it is told.
  case notReading
  /// Its process ended, or it closed its output, before it said that it stopped.
  case left

  package var description: String {
    switch self {
    case .badFrame(let error): "it broke the protocol: \(error)"
    case .tooMuchNoise(let lines):
      "it wrote \(lines) lines to its standard output that are no messages of the protocol; is this "
        + "how it is told to speak ACP?"
    case .silent(let seconds): "it did not begin within \(seconds) s"
    case .version(let version):
      "it speaks version \(version) of the Agent Client Protocol, and this is \(ACP.version)"
    case .badAnswer(let method, let what): "its answer to \(method) is not understood: \(what)"
    case .refused(let method, let error): "it refused \(method): \(error)"
    case .logIn(let ways):
      "it wants somebody to log in"
        + (ways.isEmpty ? "" : " (\(ways.prefix(8).joined(separator: ", ")))")
        + ", and nobody is there; have it use the gateway by its environment"
    case .notReading: "it does not read what it is told"
    case .left: "it ended without a word about why it stopped"
    }
  }
}
