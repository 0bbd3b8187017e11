import Testing

@testable import Egress

@Suite struct PacketHeadTests {
  private static let stream: [UInt8] =
    [0x80, 1, 0x1F, 0x90] + [UInt8](repeating: 0, count: 8) + [0x50, 0x02]
  private static let four: [UInt8] =
    [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 9, 1, 2, 3, 4]
  private static let six: [UInt8] =
    [0x60, 0, 0, 0, 0, 0, 43, 64] + [UInt8](repeating: 9, count: 16)
    + [UInt8](repeating: 7, count: 16)

  @Test func `reads where a packet was to go`() {
    let four = PacketHead(Self.four + Self.stream)
    #expect(four == PacketHead(transport: .tcp, address: [1, 2, 3, 4], port: 8080))
    let route: [UInt8] = [17, 0, 4, 0, 0, 0, 0, 0]
    let six = PacketHead(Self.six + route + Self.stream.prefix(4))
    #expect(
      six == PacketHead(transport: .udp, address: [UInt8](repeating: 7, count: 16), port: 8080)
    )
  }

  @Test func `an answer is no attempt`() {
    var answer = Self.four + Self.stream
    answer[answer.count - 1] = 0x12
    #expect(PacketHead(answer) == nil)
  }

  @Test func `no bytes at all are too few, or of a kind that traps`() {
    var random = SplitMix(seed: 53)
    for seed in [Self.four + Self.stream, Self.six + [17, 1] + Self.stream] {
      for count in 0..<seed.count { _ = PacketHead(Array(seed.prefix(count))) }
      for _ in 0..<20_000 { _ = PacketHead(random.mutated(seed)) }
    }
  }
}
