package import ExecWire

/// How a command of a session went.
package struct CommandResult: Sendable, Equatable {
  package var end: RanCommand.End
  package var duration: Duration
  /// Bytes of standard output and standard error together.
  package var total: UInt64
  /// The beginning of the output, and its end.
  package var head, tail: [UInt8]

  /// How many bytes between head and tail were left out.
  package var omitted: UInt64 { total - min(total, UInt64(head.count + tail.count)) }

  init(_ ran: RanCommand) {
    end = ran.end
    duration = .milliseconds(Int64(clamping: ran.milliseconds))
    total = ran.total
    head = ran.head
    tail = ran.tail
  }
}

/// How much of a command's output is kept: `head` bytes of its beginning, `tail` of its end.
package struct OutputBounds: Sendable, Equatable {
  package var head, tail: Int

  package init(head: Int = 32 << 10, tail: Int = 32 << 10) {
    self.head = min(max(head, 0), ExecWire.largestContent / 2)
    self.tail = min(max(tail, 0), ExecWire.largestContent / 2)
  }
}

/// What a read of a path gave.
package enum PathContent: Sendable, Equatable {
  case file(FileStatusInside, bytes: [UInt8])
  case directory(FileStatusInside, names: [ListedName], isComplete: Bool)
}
