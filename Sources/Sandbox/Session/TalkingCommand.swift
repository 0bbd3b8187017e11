internal import ExecWire
internal import Synchronization

/// A command of a session that is talked with: its standard input lasts, and nothing that it says on its
/// standard output is lost.
///
/// What it says waits for it in its pipe until it was taken in: who is told of a piece says so with
/// ``took(_:)``. What it is told waits here, bounded, until it reads.
package final class TalkingCommand: Sendable {
  /// Told on the thread of all sessions, in order: whoever hears it must be quick.
  package enum Event: Sendable {
    case said([UInt8])
    /// On standard error; `skipped` bytes before were left out.
    case complained(skipped: UInt64, [UInt8])
    /// The last one. Its output is what it had on standard error.
    case ended(Result<CommandResult, SessionError>)
  }

  private struct Outgoing {
    var bytes: [UInt8] = []
    /// Of those, how many are sent.
    var sent = 0
    var isLast = false
    var isUnderWay = false
    /// Nobody reads it any more.
    var isClosed = false

    var waiting: Int { bytes.count - sent }

    mutating func next() -> [UInt8] {
      let piece = Array(bytes[sent...].prefix(ExecWire.largestPiece))
      sent += piece.count
      // Cut seldom: each cut moves what stays.
      if sent == bytes.count || sent > 4 << 20 {
        bytes.removeFirst(sent)
        sent = 0
      }
      return piece
    }
  }

  /// Bytes that wait for a command to read them.
  package static let mostWaiting = 16 << 20

  private let link: SessionLink
  private let ticket = SessionLink.Ticket()
  private let outgoing = Mutex(Outgoing())

  init(
    _ link: SessionLink,
    _ request: RunRequest,
    hears: @escaping @Sendable (Event) -> Void
  ) {
    self.link = link
    let call = SessionCall(
      .run(request),
      onOutput: { hears(.complained(skipped: $0, $1)) },
      onSaid: { hears(.said($0)) }
    )
    link.begin(call, ticket) { result in
      switch result {
      case .success(.ran(let ran)): hears(.ended(.success(CommandResult(ran))))
      case .success(.failed(.busy)): hears(.ended(.failure(.busy)))
      case .success: hears(.ended(.failure(.malformed("the command holds a NUL"))))
      case .failure(let error): hears(.ended(.failure(error)))
      }
    }
  }

  /// Writes to its standard input, in order, as it reads.
  ///
  /// - Returns: False where too much waits for it already, and then nothing of this is written. What is
  ///   told to one that has closed its input is lost, as in any pipe.
  package func write(_ bytes: [UInt8]) -> Bool {
    let isTaken = outgoing.withLock { outgoing in
      guard outgoing.waiting + bytes.count <= Self.mostWaiting else { return false }
      if !outgoing.isClosed, !outgoing.isLast { outgoing.bytes += bytes }
      return true
    }
    pump()
    return isTaken
  }

  /// Ends its standard input, once it has all that was written.
  package func closeInput() {
    outgoing.withLock { $0.isLast = true }
    pump()
  }

  /// What it said was taken in: it may say so much more.
  package func took(_ count: Int) { link.allow(count, to: ticket) }

  /// Has it ended: asked to, and made to two seconds later.
  package func end() { link.end(ticket) }

  private func pump() {
    let piece: (bytes: [UInt8], isLast: Bool)? = outgoing.withLock { outgoing in
      guard !outgoing.isUnderWay, !outgoing.isClosed else { return nil }
      guard outgoing.waiting > 0 || outgoing.isLast else { return nil }
      outgoing.isUnderWay = true
      return (outgoing.next(), outgoing.isLast && outgoing.waiting == 0)
    }
    guard let piece else { return }
    link.write(piece.bytes, isLast: piece.isLast, to: ticket) { result in
      self.outgoing.withLock { outgoing in
        outgoing.isUnderWay = false
        guard case .success(.done) = result, !piece.isLast else {
          outgoing.isClosed = true
          (outgoing.bytes, outgoing.sent) = ([], 0)
          return
        }
      }
      self.pump()
    }
  }
}
