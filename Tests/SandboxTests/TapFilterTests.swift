import Policy
import Testing

@testable import Sandbox

/// The filter of the tap, run by an interpreter of classic BPF that is written from its
/// specification, over packets that are written by hand.
@Suite struct TapFilterTests {
  /// How many bytes of a packet are passed.
  static func run(
    _ program: [FilterInstruction],
    _ packet: [UInt8],
    kind: UInt32 = 0
  ) throws -> Int {
    var (accumulator, index, counter) = (UInt32(0), UInt32(0), 0)
    func bytes(_ offset: UInt32, _ count: Int) -> UInt32? {
      switch offset {
      case 0xFFFF_F004: return kind
      case 0xFFFF_F000: return packet[0] >> 4 == 4 ? 0x0800 : 0x86DD
      default: break
      }
      let start = Int(offset)
      guard start + count <= packet.count else { return nil }
      return packet[start..<(start + count)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    while true {
      let instruction = try #require(program.indices.contains(counter) ? program[counter] : nil)
      counter += 1
      let value = instruction.operand
      func jump(_ condition: Bool) {
        counter += Int(condition ? instruction.ifTrue : instruction.ifFalse)
      }
      func load(_ offset: UInt32, _ count: Int) -> Bool {
        guard let loaded = bytes(offset, count) else { return false }
        accumulator = loaded
        return true
      }
      switch instruction.code {
      case 0x20: if !load(value, 4) { return 0 }
      case 0x28: if !load(value, 2) { return 0 }
      case 0x30: if !load(value, 1) { return 0 }
      case 0x48: if !load(index + value, 2) { return 0 }
      case 0x50: if !load(index + value, 1) { return 0 }
      case 0xB1: index = UInt32(packet[Int(value)] & 0xF) * 4
      case 0x01: index = value
      case 0x07: index = accumulator
      case 0x87: accumulator = index
      case 0x04: accumulator += value
      case 0x54: accumulator &= value
      case 0x64: accumulator <<= value
      case 0x05: counter += Int(value)
      case 0x15: jump(accumulator == value)
      case 0x45: jump(accumulator & value != 0)
      case 0x06: return Int(value)
      case 0x16: return Int(accumulator)
      default: Issue.record("instruction \(instruction.code)")
      }
    }
  }

  static let program = TapFilter.program(for: NetworkPlan([]))

  static func four(_ kind: UInt8, to: [UInt8], _ rest: [UInt8], options: Int = 0) -> [UInt8] {
    let head: [UInt8] = [UInt8(0x45 + options), 0, 0, 0, 0, 0, 0x40, 0, 64, kind, 0, 0]
    return head + [10, 0, 0, 9] + to + [UInt8](repeating: 1, count: options * 4) + rest
  }

  static func six(_ kind: UInt8, to: [UInt8], _ rest: [UInt8]) -> [UInt8] {
    [0x60, 0, 0, 0, 0, 0, kind, 64] + [UInt8](repeating: 9, count: 16) + to + rest
  }

  static func stream(_ port: UInt16, flags: UInt8 = 0x02) -> [UInt8] {
    [0x80, 1] + [UInt8(port >> 8), UInt8(port & 0xFF)] + [UInt8](repeating: 0, count: 8)
      + [0x50, flags] + [UInt8](repeating: 0x55, count: 40)
  }

  static func datagram(_ port: UInt16, from: UInt16 = 32_769) -> [UInt8] {
    [UInt8(from >> 8), UInt8(from & 0xFF), UInt8(port >> 8), UInt8(port & 0xFF)]
      + [UInt8](repeating: 0x55, count: 40)
  }

  static let world6: [UInt8] = [0x26, 6] + [UInt8](repeating: 7, count: 14)

  @Test func `passes the heads of what goes to closed doors, and not a byte of what is said`()
    throws
  {
    let program = Self.program
    #expect(try Self.run(program, Self.four(6, to: [1, 1, 1, 1], Self.stream(8080))) == 34)
    #expect(try Self.run(program, Self.four(17, to: [1, 1, 1, 1], Self.datagram(443))) == 28)
    #expect(try Self.run(program, Self.four(136, to: [1, 1, 1, 1], Self.datagram(443))) == 28)
    let long = Self.four(6, to: [1, 1, 1, 1], Self.stream(8080), options: 10)
    #expect(try Self.run(program, long) == 74)
    #expect(try Self.run(program, Self.six(6, to: Self.world6, Self.stream(8080))) == 54)
    #expect(try Self.run(program, Self.six(17, to: Self.world6, Self.datagram(123))) == 48)
    let routed = [17, 1] + [UInt8](repeating: 0, count: 14) + Self.datagram(123)
    #expect(try Self.run(program, Self.six(43, to: Self.world6, routed)) == 64)
  }

  @Test func `passes nothing of a connection but its beginning`() throws {
    for flags: UInt8 in [0x12, 0x10, 0x18, 0x11, 0x04, 0x14] {
      let packet = Self.four(6, to: [1, 1, 1, 1], Self.stream(8080, flags: flags))
      #expect(try Self.run(Self.program, packet) == 0)
    }
    let outgoing = Self.four(6, to: [1, 1, 1, 1], Self.stream(8080))
    #expect(try Self.run(Self.program, outgoing, kind: 4) == 0)
    #expect(try Self.run(Self.program, Self.four(1, to: [1, 1, 1, 1], Self.stream(1))) == 0)
    var fragment = Self.four(17, to: [1, 1, 1, 1], Self.datagram(443))
    fragment[7] = 1
    #expect(try Self.run(Self.program, fragment) == 0)
    let later = [17, 0, 0, 8, 0, 0, 0, 0] + Self.datagram(443)
    #expect(try Self.run(Self.program, Self.six(44, to: Self.world6, later)) == 0)
    #expect(try Self.run(Self.program, [0x45, 0]) == 0)
  }

  @Test func `leaves out the run's own services, names, and open doors`() throws {
    let own6 = [UInt8](repeating: 0, count: 15) + [1]
    for address in [[127, 0, 0, 1], [127, 9, 8, 7], [198, 18, 0, 1]] as [[UInt8]] {
      #expect(try Self.run(Self.program, Self.four(6, to: address, Self.stream(8080))) == 0)
      #expect(try Self.run(Self.program, Self.four(17, to: address, Self.datagram(8080))) == 0)
    }
    for address in [own6, [0xFD] + own6.dropFirst()] {
      #expect(try Self.run(Self.program, Self.six(6, to: address, Self.stream(8080))) == 0)
      #expect(try Self.run(Self.program, Self.six(17, to: address, Self.datagram(8080))) == 0)
    }
    #expect(try Self.run(Self.program, Self.four(17, to: [1, 1, 1, 1], Self.datagram(53))) == 0)
    let answer = Self.datagram(40_000, from: 53)
    #expect(try Self.run(Self.program, Self.four(17, to: [1, 1, 1, 1], answer)) == 0)
    for port: UInt16 in [53, 80, 443] {
      #expect(try Self.run(Self.program, Self.four(6, to: [1, 1, 1, 1], Self.stream(port))) == 0)
    }
    #expect(
      try Self.run(
        Self.program,
        Self.six(6, to: [0xFD] + own6.dropFirst().map { $0 * 2 }, Self.stream(22))
      ) == 54
    )
  }

  @Test func `jumps forward within itself, however many ports are open`() throws {
    let document = try PolicyDocument.parse(
      "version: 1\nnetwork: [{ host: a.example.com, ports: [\((1...900).map { "\($0)" }.joined(separator: ", "))] }]",
      file: "test"
    )
    let program = TapFilter.program(for: NetworkPlan(document.network))
    for (index, instruction) in program.enumerated() where instruction.code & 0x7 == 5 {
      let distance =
        instruction.code == 0x05
        ? Int(instruction.operand) : Int(max(instruction.ifTrue, instruction.ifFalse))
      #expect(index + 1 + distance < program.count)
    }
    #expect(try Self.run(program, Self.four(6, to: [1, 1, 1, 1], Self.stream(1))) == 0)
    #expect(try Self.run(program, Self.four(6, to: [1, 1, 1, 1], Self.stream(8080))) == 34)
    #expect(try Self.run(program, Self.four(17, to: [1, 1, 1, 1], Self.datagram(1))) == 28)
  }
}
