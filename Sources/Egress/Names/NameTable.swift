package import Policy

/// Which name an address inside the run stands for: a pure table, so that a run can be replayed.
package struct NameTable: Sendable {
  /// What a connection to an address asks for.
  package enum Meaning: Hashable, Sendable {
    case name(String)
    /// Names below a pattern share the address; `only` is the one that was asked for, while it is
    /// the only one. Otherwise what the client says decides.
    case shared(HostPattern, only: String?)
  }

  /// The address was given out to more names than can be told apart.
  private struct Shared {
    var pattern: HostPattern
    var first: String?
    var isAmbiguous = false
  }

  private var exact: [String: UInt32] = [:]
  private var shared: [(number: UInt32, names: Shared)] = []
  private var names: [UInt32: String] = [:]
  private var numbers: [String: UInt32] = [:]
  private var next: UInt32
  private let last: UInt32
  private var denied: [String: UInt32] = [:]
  private var nextDenied = NetworkPlan.deniedNumbers.lowerBound

  /// - Parameter capacity: the names that are given addresses while the run goes on.
  package init(reserved: [NetworkPlan.Reserved], capacity: UInt32 = 32_768) {
    next = NetworkPlan.namedNumbers.lowerBound
    let span = UInt32(NetworkPlan.namedNumbers.count)
    last = NetworkPlan.namedNumbers.lowerBound + min(max(capacity, 1), span) - 1
    for entry in reserved {
      let number = UInt32(entry.number)
      if entry.host.text.utf8.contains(0x2A) {
        shared.append((number, Shared(pattern: entry.host)))
      } else {
        exact[entry.host.text] = number
        names[number] = entry.host.text
      }
    }
  }

  /// The number of a name that the policy knows; nil where there are no more.
  package mutating func number(ofKnown name: String) -> UInt32? {
    if let number = exact[name] { return number }
    if let index = shared.firstIndex(where: { $0.names.pattern.matches(name) }) {
      if shared[index].names.first == nil { shared[index].names.first = name }
      if shared[index].names.first != name { shared[index].names.isAmbiguous = true }
      return shared[index].number
    }
    if let number = numbers[name] { return number }
    guard next <= last else { return nil }
    defer { next += 1 }
    numbers[name] = next
    names[next] = name
    return next
  }

  /// The number of a name that the policy does not know. When they run out, the name that has had
  /// one longest loses it: a connection to it is denied under either name.
  package mutating func number(ofUnknown name: String) -> UInt32 {
    if let number = denied[name] { return number }
    let number = nextDenied
    let pool = NetworkPlan.deniedNumbers
    nextDenied = number == pool.upperBound ? pool.lowerBound : number + 1
    if let evicted = names[number] { denied[evicted] = nil }
    denied[name] = number
    names[number] = name
    return number
  }

  package func meaning(of number: UInt32) -> Meaning? {
    if let name = names[number] { return .name(name) }
    guard let entry = shared.first(where: { $0.number == number })?.names else { return nil }
    return .shared(entry.pattern, only: entry.isAmbiguous ? nil : entry.first)
  }
}
