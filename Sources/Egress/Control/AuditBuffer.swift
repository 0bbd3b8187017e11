package import Dispatch
import FoundationEssentials
import Synchronization

/// Keeps observations until they are sent, so that nobody who makes one waits. What does not fit is
/// counted, and the count is sent in its place.
///
/// What a run may do is bounded by whoever does it with it; what it is denied costs it nothing, and
/// rows of it could fill the disk. So denials that are alike are counted in one row, and of others
/// only so many have one.
package final class AuditBuffer: AuditSink {
  private struct State {
    var rows: [Observation] = []
    var denials: [Observation: Int] = [:]
    var dropped = 0
    var allowance = AuditBuffer.mostDenials
    var refilled = ContinuousClock.now
    var toldLoss = ContinuousClock.now - .seconds(1)

    /// Counts a denial in the row of another, or where it has no row; false where it gets one.
    mutating func count(_ denial: Observation) -> Bool {
      var alike = denial
      alike.flow = 0
      alike.seconds = 0
      alike.count = 1
      if let index = denials[alike] {
        rows[index].count += denial.count
        return true
      }
      let now = ContinuousClock.now
      allowance += (now - refilled) / .seconds(1) * AuditBuffer.denialsPerSecond
      allowance = min(allowance, AuditBuffer.mostDenials)
      refilled = now
      guard allowance >= 1 else {
        dropped += denial.count
        return true
      }
      allowance -= 1
      denials[alike] = rows.count
      return false
    }
  }

  private static let mostDenials = 2_000.0
  private static let denialsPerSecond = 20.0

  private let state = Mutex(State())
  private let capacity: Int
  /// Signalled when there is something to send after there was nothing.
  package let filled = DispatchSemaphore(value: 0)

  package init(capacity: Int = 16_384) {
    self.capacity = capacity
  }

  package func note(_ observation: Observation) {
    let isFirst = state.withLock { state in
      guard state.rows.count < capacity else {
        state.dropped += 1
        return false
      }
      if observation.verdict == .denied, state.count(observation) { return false }
      state.rows.append(observation)
      return state.rows.count == 1
    }
    if isFirst { filled.signal() }
  }

  /// Takes out what there is, as messages that are short enough to be sent.
  ///
  /// - Parameter isLast: whether nothing is asked for any more.
  package func drain(isLast: Bool = false) -> [ControlMessage] {
    let (rows, dropped) = state.withLock { state in
      let rows = state.rows
      state.rows = []
      state.denials = [:]
      // A loss that goes on is told once a second.
      let now = ContinuousClock.now
      guard state.dropped > 0, isLast || now - state.toldLoss >= .seconds(1) else {
        return (rows, 0)
      }
      defer { state.dropped = 0 }
      state.toldLoss = now
      return (rows, state.dropped)
    }
    return Self.messages(rows + (dropped > 0 ? [Self.loss(of: dropped)] : []))
  }

  private static func loss(of count: Int) -> Observation {
    var row = Observation(
      .connection,
      .failed,
      host: "",
      port: 0,
      transport: "tcp",
      rule: "limit: audit"
    )
    row.reason = "rows were lost because there were too many at once"
    row.count = count
    return row
  }

  private static func messages(_ rows: [Observation]) -> [ControlMessage] {
    let encoder = JSONEncoder()
    var messages: [ControlMessage] = []
    var body: [UInt8] = []
    for row in rows {
      guard let data = try? encoder.encode(row), data.count + 2 <= ControlMessage.longestBody
      else { continue }
      if body.count + data.count + 2 > ControlMessage.longestBody {
        messages.append(ControlMessage(.audit, body: body + [0x5D]))
        body = []
      }
      body.append(body.isEmpty ? 0x5B : 0x2C)
      body += data
    }
    if !body.isEmpty { messages.append(ControlMessage(.audit, body: body + [0x5D])) }
    return messages
  }
}
