import Policy
import Testing

@testable import Egress

@Suite struct NameTableTests {
  private func table(_ hosts: [(String, [UInt16])], capacity: UInt32 = 32_768) throws -> NameTable {
    let rules = try hosts.map { host, ports in
      NetworkRule.host(HostRule(host: try HostPattern(parsing: host), ports: ports))
    }
    return NameTable(reserved: NetworkPlan(rules).reserved, capacity: capacity)
  }

  @Test func `a host with a high port has the address that its listener is bound to`() throws {
    var table = try table([("a.test", [443]), ("b.test", [8443])])
    #expect(table.number(ofKnown: "b.test") == 256)
    #expect(table.meaning(of: 256) == .name("b.test"))
    #expect(table.number(ofKnown: "a.test") == NetworkPlan.namedNumbers.lowerBound)
  }

  @Test func `a name keeps its address, and two names never share one`() throws {
    var table = try table([])
    var seen: [UInt32: String] = [:]
    for round in 0..<2 {
      for index in 0..<500 {
        let name = "h\(index).test"
        guard let number = table.number(ofKnown: name) else {
          Issue.record("\(name) has no address")
          return
        }
        if round == 0 { #expect(seen.updateValue(name, forKey: number) == nil) }
        #expect(seen[number] == name)
        #expect(table.meaning(of: number) == .name(name))
      }
    }
  }

  @Test func `names run out, and are not given away again`() throws {
    var table = try table([], capacity: 2)
    let first = table.number(ofKnown: "a.test")
    _ = table.number(ofKnown: "b.test")
    #expect(table.number(ofKnown: "c.test") == nil)
    #expect(table.number(ofKnown: "a.test") == first)
  }

  @Test func `names below a pattern share an address until a second is asked for`() throws {
    var table = try table([("*.wild.test", [9000])])
    let pattern = try HostPattern(parsing: "*.wild.test")
    #expect(table.meaning(of: 256) == .shared(pattern, only: nil))
    #expect(table.number(ofKnown: "a.wild.test") == 256)
    #expect(table.meaning(of: 256) == .shared(pattern, only: "a.wild.test"))
    #expect(table.number(ofKnown: "b.wild.test") == 256)
    #expect(table.meaning(of: 256) == .shared(pattern, only: nil))
    #expect(table.number(ofKnown: "a.wild.test") == 256)
    #expect(table.meaning(of: 256) == .shared(pattern, only: nil))
  }

  @Test func `unknown names take turns in a bounded pool`() throws {
    var table = try table([])
    for index in 0..<1_000 {
      let name = "x\(index).test"
      let number = table.number(ofUnknown: name)
      #expect(NetworkPlan.deniedNumbers.contains(number))
      #expect(table.meaning(of: number) == .name(name))
      #expect(table.number(ofUnknown: name) == number)
    }
    #expect(table.meaning(of: 1) == nil)
  }
}
