import Testing

@testable import Egress

@Suite struct DNSQueryTests {
  @Test func `a question is read, in lower case, with its letters kept for the answer`() throws {
    let bytes = DNSText.question("Api.EXAMPLE.com", type: 28, extended: true)
    let query = try DNSQuery(bytes)
    #expect(query.name == "api.example.com")
    #expect(query.type == 28)
    #expect(query.datagramSize == 1232)
    #expect(query.question == DNSText.encoded("Api.EXAMPLE.com") + [0, 28, 0, 1])
  }

  @Test func `bytes that no host has are written out`() throws {
    var bytes = DNSText.question("abc.example")
    bytes[14] = 0x2E
    bytes[15] = 0
    #expect(try DNSQuery(bytes).name == "a\\046\\000.example")
  }

  @Test func `a compressed name is refused with a code`() {
    var bytes = DNSText.question("a.b")
    bytes[12] = 0xC0
    #expect(throws: DNSQuery.Problem.refused(id: 0x1234, code: .malformed)) {
      try DNSQuery(bytes)
    }
  }

  @Test func `two questions, an answer, or bytes behind the end are refused`() {
    for (place, value) in [(5, 2), (7, 1), (9, 1), (11, 1)] {
      var bytes = DNSText.question("a.b")
      bytes[place] = UInt8(value)
      #expect(throws: DNSQuery.Problem.self) { try DNSQuery(bytes) }
    }
    #expect(throws: DNSQuery.Problem.self) { try DNSQuery(DNSText.question("a.b") + [0]) }
  }

  @Test func `a response is not answered`() {
    var bytes = DNSText.question("a.b")
    bytes[2] |= 0x80
    #expect(throws: DNSQuery.Problem.noQuestion) { try DNSQuery(bytes) }
  }

  @Test func `labels and names beyond the bounds are refused`() {
    let label = String(repeating: "a", count: 63)
    #expect(throws: Never.self) { try DNSQuery(DNSText.question("\(label).\(label).\(label)")) }
    let long = Array(repeating: label, count: 4).joined(separator: ".")
    #expect(throws: DNSQuery.Problem.self) { try DNSQuery(DNSText.question(long)) }
    let wide = String(repeating: "a", count: 64)
    #expect(throws: DNSQuery.Problem.self) { try DNSQuery(DNSText.question(wide)) }
  }

  @Test func `an answer repeats the question and points to its name`() throws {
    let query = try DNSQuery(DNSText.question("a.b", extended: true))
    let message = DNSAnswer(.success, [.address([198, 18, 1, 0])]).message(for: query)
    let expected: [UInt8] =
      [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 1] + [1, 0x61, 1, 0x62, 0, 0, 1, 0, 1]
      + [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 198, 18, 1, 0]
      + [0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0]
    #expect(message == expected)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `no question of any shape traps, and each answer fits`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let seeds = [
      DNSText.question("api.example.com"), DNSText.question("a.b", type: 28, extended: true),
      DNSText.question("0.1.18.198.in-addr.arpa", type: 12),
    ]
    for round in 0..<20_000 {
      let bytes = random.mutated(seeds[round % seeds.count])
      guard let query = try? DNSQuery(bytes) else { continue }
      #expect(query.name.utf8.count <= 4 * 255)
      #expect(DNSAnswer(.success, [.pointer(query.name)]).message(for: query).count <= 2_048)
    }
  }
}
