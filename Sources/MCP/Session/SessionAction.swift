/// Somebody who waits for an answer.
package struct Ticket: Hashable, Sendable {
  package let number: Int

  package init(_ number: Int) { self.number = number }
}

/// A time that is waited for. One that is no longer of interest may come all the same.
package enum Deadline: Hashable, Sendable {
  case probe
  case opening
  case request(Int)
}

/// What the shell around a session does on its behalf.
package enum SessionAction: Hashable, Sendable {
  /// Sends a frame, with the end of a line behind it.
  case send([UInt8])
  /// Calls `expired` after this time.
  case wait(Deadline, Duration)
  case opened(ServerInfo)
  case listed(Ticket, ToolListing)
  case called(Ticket, ToolAnswer)
  case failed(Ticket, CallError)
  case progressed(Ticket, ToolProgress)
  /// The server has other tools now: no call is sent until they are listed again.
  case toolsChanged
  /// Nothing is sent or heard any more. All who waited were told.
  case end(SessionError)
}
