package import Policy
import Synchronization

/// Answers the run's questions for addresses. Nothing is asked of anybody else: what stands in a
/// name does not leave by asking for it.
package final class NameService: Sendable {
  private struct State {
    var table: NameTable
    var told: Set<String> = []
    /// Names that had no row of their own, since the last row about them.
    var untold = 0
    var isFull = false
  }

  private let state: Mutex<State>
  private let policy: PolicyBox
  private let audit: any AuditSink
  private let tellsUnknown: Bool

  /// The names that get a row of their own in the audit.
  private static let mostTold = 2_048

  package init(
    reserved: [NetworkPlan.Reserved],
    policy: PolicyBox,
    audit: any AuditSink,
    tellsUnknown: Bool = true
  ) {
    state = Mutex(State(table: NameTable(reserved: reserved)))
    self.policy = policy
    self.audit = audit
    self.tellsUnknown = tellsUnknown
  }

  /// The answer to a message; nil where it deserves none.
  package func answer(_ message: [UInt8]) -> [UInt8]? {
    do throws(DNSQuery.Problem) {
      let query = try DNSQuery(message)
      return answer(query).message(for: query)
    } catch {
      guard case .refused(let id, let code) = error else { return nil }
      return DNSAnswer.message(id: id, code: code)
    }
  }

  /// What a connection to an address inside the run asks for; nil for an address that no name has.
  package func meaning(of address: [UInt8]) -> NameTable.Meaning? {
    guard let number = NetworkPlan.number(of: address) else { return nil }
    return state.withLock { $0.table.meaning(of: number) }
  }

  private enum RecordType {
    static let address4: UInt16 = 1
    static let pointer: UInt16 = 12
    static let address6: UInt16 = 28
    static let any: UInt16 = 255
  }

  private func answer(_ query: DNSQuery) -> DNSAnswer {
    guard query.recordClass == DNSQuery.internet else { return DNSAnswer(.refused) }
    if query.type == RecordType.pointer { return reverse(query.name) }
    if query.name == "localhost" || query.name.hasSuffix(".localhost") {
      return answer(query, [127, 0, 0, 1], [UInt8](repeating: 0, count: 15) + [1])
    }
    if isOfService(query) { return DNSAnswer(.success) }
    guard let number = number(of: query.name) else { return DNSAnswer(.failed) }
    return answer(query, NetworkPlan.address4(number), NetworkPlan.address6(number))
  }

  private func answer(_ query: DNSQuery, _ four: [UInt8], _ six: [UInt8]) -> DNSAnswer {
    switch query.type {
    case RecordType.address4, RecordType.any: DNSAnswer(.success, [.address(four)])
    case RecordType.address6: DNSAnswer(.success, [.address(six)])
    default: DNSAnswer(.success)
    }
  }

  /// Whether the records of a service at a granted host are asked for, as `_https._tcp.HOST` by apt:
  /// there are none, and nothing was wanted that is denied.
  private func isOfService(_ query: DNSQuery) -> Bool {
    guard query.name.hasPrefix("_"), query.type != RecordType.address4,
      query.type != RecordType.address6
    else { return false }
    let host = query.name.split(separator: ".").drop { $0.hasPrefix("_") }.joined(separator: ".")
    return policy.current.knows(host: host)
  }

  private func number(of name: String) -> UInt32? {
    guard !policy.current.knows(host: name) else { return number(ofKnown: name) }
    let (number, isNew, untold) = state.withLock { state in
      let number = state.table.number(ofUnknown: name)
      guard !state.told.contains(name) else { return (number, false, 0) }
      guard state.told.count >= Self.mostTold else {
        state.told.insert(name)
        return (number, true, 0)
      }
      state.untold += 1
      guard state.untold == Self.mostTold else { return (number, false, 0) }
      state.untold = 0
      return (number, false, Self.mostTold)
    }
    if isNew, tellsUnknown { report(name) }
    if untold > 0 {
      report("too many unknown names were asked for to tell them all", count: untold)
    }
    return number
  }

  private func number(ofKnown name: String) -> UInt32? {
    let (number, isFirst) = state.withLock { state in
      let number = state.table.number(ofKnown: name)
      defer { state.isFull = state.isFull || number == nil }
      return (number, number == nil && !state.isFull)
    }
    if isFirst { report("the run has asked for too many names to give each an address", count: 1) }
    return number
  }

  private func report(_ reason: String, count: Int) {
    var row = Observation(
      .name,
      .denied,
      host: "",
      port: 53,
      transport: "dns",
      rule: "limit: names"
    )
    row.reason = reason
    row.count = count
    audit.note(row)
  }

  private func report(_ name: String) {
    var row = Observation(
      .name,
      .denied,
      host: name,
      port: 53,
      transport: "dns",
      rule: "default: nothing is reachable"
    )
    if case .denied(let rule, let remedy) = policy.current.admit(host: name, port: 443) {
      row.rule = rule
      row.remedy = remedy
    }
    row.reason = "no entry of the policy names this host"
    audit.note(row)
  }

  private func reverse(_ name: String) -> DNSAnswer {
    guard let address = ReverseName.address(name), case .name(let host) = meaning(of: address)
    else { return DNSAnswer(.noSuchName) }
    return DNSAnswer(.success, [.pointer(host)])
  }
}
