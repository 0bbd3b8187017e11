import NIOConcurrencyHelpers
import Policy
import Testing

@testable import Egress

@Suite struct NameServiceTests {
  private let audit = Rows()

  private func service(_ yaml: String) throws -> NameService {
    let rules = try PolicyDocument.parse("version: 1\nnetwork:\n\(yaml)", file: "test").network
    return NameService(
      reserved: NetworkPlan(rules).reserved,
      policy: PolicyBox(NetworkPolicy(rules: rules)),
      audit: audit
    )
  }

  /// The code and the data of the one record of an answer.
  private func ask(
    _ service: NameService,
    _ name: String,
    _ type: UInt16
  ) throws -> (code: UInt8, data: [UInt8]) {
    let question = DNSText.question(name, type: type)
    let answer = try #require(service.answer(question))
    let data = answer[7] == 0 ? [] : Array(answer[(question.count + 12)...])
    return (answer[3] & 0xF, data)
  }

  @Test func `a known name has an address of each version, and that address its name`() throws {
    let service = try service("  - host: api.test\n")
    #expect(try ask(service, "API.test", 1).data == NetworkPlan.address4(0x1000))
    #expect(try ask(service, "api.test", 28).data == NetworkPlan.address6(0x1000))
    #expect(service.meaning(of: NetworkPlan.address6(0x1000)) == .name("api.test"))
    let pointer = try ask(service, "0.16.18.198.in-addr.arpa", 12)
    #expect(pointer.data == DNSText.encoded("api.test"))
    #expect(audit.all.isEmpty)
  }

  @Test func `other types have no data, and other classes are refused`() throws {
    let service = try service("  - host: api.test\n")
    for type: UInt16 in [15, 16, 33, 65] {
      let answer = try ask(service, "api.test", type)
      #expect(answer.code == 0 && answer.data.isEmpty)
    }
    let answer = try #require(service.answer(DNSText.question("api.test", recordClass: 3)))
    #expect(answer[3] & 0xF == 5)
  }

  @Test func `services of a known name have no records, and asking for them is no denial`() throws {
    let service = try service("  - host: api.test\n")
    let answer = try ask(service, "_https._tcp.api.test", 33)
    #expect(answer.code == 0 && answer.data.isEmpty)
    #expect(audit.all.isEmpty)
    _ = try ask(service, "_https._tcp.evil.test", 33)
    _ = try ask(service, "_https._tcp.api.test", 1)
    #expect(audit.all.map(\.host) == ["_https._tcp.evil.test", "_https._tcp.api.test"])
  }

  @Test func `an unknown name has the address of its denial, and one row`() throws {
    let service = try service("  - host: api.test\n")
    for type: UInt16 in [1, 28, 1] {
      let answer = try ask(service, "c2VjcmV0.evil.test", type)
      #expect(answer.code == 0)
      #expect(service.meaning(of: answer.data) == .name("c2VjcmV0.evil.test".lowercased()))
    }
    #expect(audit.all.map(\.host) == ["c2vjcmv0.evil.test"])
    #expect(audit.all.first?.verdict == .denied)
    #expect(audit.all.first?.remedy == "network: [{ host: c2vjcmv0.evil.test }]")
  }

  @Test func `an address that no name was answered with means nothing`() throws {
    let service = try service("  - host: api.test\n")
    for address: [UInt8] in [
      [1, 2, 3, 4], [198, 18, 0, 1], [198, 18, 16, 0], [127, 0, 0, 1], [],
    ] {
      #expect(service.meaning(of: address) == nil)
    }
  }
}

/// Keeps what is observed.
final class Rows: AuditSink {
  private let rows = NIOLockedValueBox<[Observation]>([])

  var all: [Observation] { rows.withLockedValue { $0 } }

  func note(_ observation: Observation) {
    rows.withLockedValue { $0.append(observation) }
  }
}
