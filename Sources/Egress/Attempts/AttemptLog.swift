import Glibc
import Policy
import Synchronization

/// Tells in the audit what the run tried where nobody listens, from the heads of its packets.
package final class AttemptLog: Sendable {
  private let table: Mutex<AttemptTable>
  private let served: Set<Door>
  private let names: NameService
  private let policy: PolicyBox
  private let audit: any AuditSink

  private struct Door: Hashable {
    let address: [UInt8]
    let port: UInt16
  }

  init(plan: NetworkPlan, names: NameService, policy: PolicyBox, audit: any AuditSink) {
    table = Mutex(AttemptTable(at: .now))
    served = Set(
      plan.sockets.filter { $0.kind != .nameDatagram }.map {
        Door(address: $0.address, port: $0.port)
      }
    )
    self.names = names
    self.policy = policy
    self.audit = audit
  }

  /// Whether there will be more to tell without another packet.
  package var isWaiting: Bool { table.withLock { $0.isWaiting } }

  /// Takes the head of a packet.
  package func note(_ bytes: [UInt8]) {
    guard let head = PacketHead(bytes), !isServed(head) else { return }
    if let told = table.withLock({ $0.note(head, at: .now) }) { tell(told) }
  }

  /// Takes the number of packets that nobody could look at.
  package func noteLost(_ count: Int) {
    if count > 0 { table.withLock { $0.note(lost: count) } }
  }

  /// Says that nothing will be told, and why.
  func noteAbsence(_ error: Int32) {
    var row = Self.row("limit: attempts", 1)
    row.verdict = .failed
    row.reason =
      "attempts where nobody listens are refused and not recorded: there is no packet socket here "
      + "(\(String(cString: strerror(error))))"
    audit.note(row)
  }

  /// Tells what is due.
  package func flush(isLast: Bool = false) {
    let due = table.withLock { $0.due(at: .now, isLast: isLast) }
    for told in due.told { tell(told) }
    if due.beyond > 0 {
      var row = Self.row("limit: attempts", due.beyond)
      row.reason = "there were too many attempts where nobody listens to tell each"
      audit.note(row)
    }
    if due.lost > 0 {
      var row = Self.row("limit: attempts", due.lost)
      row.verdict = .failed
      row.reason = "\(due.lost) attempts were not seen: they came faster than they were looked at"
      audit.note(row)
    }
  }

  private func isServed(_ head: PacketHead) -> Bool {
    guard head.transport == .tcp else { return false }
    let any = [UInt8](repeating: 0, count: head.address.count)
    return served.contains(Door(address: any, port: head.port))
      || served.contains(Door(address: head.address, port: head.port))
  }

  private func tell(_ told: AttemptTable.Told) {
    let head = told.head
    let address = AddressRange.text(head.address)
    let meaning = names.meaning(of: head.address)
    var row = Observation(
      .connection,
      .denied,
      host: Self.host(meaning) ?? address,
      port: head.port,
      transport: head.transport.rawValue,
      rule: BuiltInRule.defaultDeny.name
    )
    row.way = Flow.Way.direct.rawValue
    if meaning != nil { row.address = address }
    row.count = told.count
    switch (head.transport, meaning) {
    case (.udp, _):
      row.rule = BuiltInRule.datagrams.name
      row.reason = "UDP is not passed on, whatever is granted; what can use TCP may"
    case (.tcp, nil):
      row.rule = BuiltInRule.addresses.name
      row.reason = "\(address) is an address that no name was asked for"
      row.remedy = "connect by name, and grant the name"
    case (.tcp, .shared(let pattern, nil)):
      row.reason = "nothing grants \(pattern.text) on port \(head.port)"
      row.remedy = "port \(head.port) in the entry host: \(pattern.text)"
    case (.tcp, .some):
      judge(&row)
    }
    audit.note(row)
  }

  private func judge(_ row: inout Observation) {
    switch policy.current.admit(host: row.host, port: row.port) {
    case .denied(let rule, let remedy):
      row.rule = rule
      row.remedy = remedy
      row.reason = "nothing grants \(row.host) on port \(row.port)"
    case .passed, .inspected:
      row.rule = "limit: ports"
      row.reason = "nobody listens on port \(row.port): it was not granted when the run started"
      row.remedy = "start the run anew"
    }
  }

  private static func host(_ meaning: NameTable.Meaning?) -> String? {
    switch meaning {
    case .name(let host): host
    case .shared(let pattern, let only): only ?? pattern.text
    case nil: nil
    }
  }

  private static func row(_ rule: String, _ count: Int) -> Observation {
    var row = Observation(.connection, .denied, host: "", port: 0, transport: "tcp", rule: rule)
    row.count = count
    return row
  }
}
