package import Dispatch
import FoundationEssentials
import Synchronization

/// Keeps observations until they are sent, so that nobody who makes one waits. What does not fit is
/// counted, and the count is sent in its place.
package final class AuditBuffer: AuditSink {
  private struct State {
    var rows: [Observation] = []
    var dropped = 0
  }

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
      state.rows.append(observation)
      return state.rows.count == 1
    }
    if isFirst { filled.signal() }
  }

  /// Takes out what there is, as messages that are short enough to be sent.
  package func drain() -> [ControlMessage] {
    let (rows, dropped) = state.withLock { state in
      defer { state = State() }
      return (state.rows, state.dropped)
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
