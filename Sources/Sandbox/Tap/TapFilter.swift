package import Policy

/// What a tap of the run's loopback lets through: the heads of packets that go to doors which are
/// closed, and nothing of what is said.
///
/// Classic BPF over packets from the network header on. It passes the beginning of each TCP
/// connection and each UDP datagram of the run, but for questions of names, the run's own addresses,
/// and ports that are listened on whatever the address; of each it passes as much as holds the ports.
package enum TapFilter {
  /// Ports beyond which a connection is looked at even though it is served.
  private static let mostPorts = 64

  package static func program(for plan: NetworkPlan) -> [FilterInstruction] {
    let open = Set(
      plan.sockets.filter { $0.kind != .nameDatagram && $0.address.allSatisfy { $0 == 0 } }
        .map(\.port)
    )
    var code = Assembler()
    code.load(.word, Field.packetType)
    code.jump(.equal, Outgoing.value, to: .drop)
    code.load(.word, Field.protocolNumber)
    code.jump(.equal, 0x0800, to: .four)
    code.jump(.equal, 0x86DD, to: .six, otherwise: .drop)
    version4(&code)
    version6(&code)

    // The accumulator holds the protocol, the index register the length of what precedes it.
    code.mark(.transport)
    code.jump(.equal, 6, to: .stream)
    code.jump(.equal, 17, to: .datagram)
    code.jump(.equal, 136, to: .datagram, otherwise: .drop)  // UDP-Lite
    code.mark(.stream)
    code.loadAfterHeader(.byte, 13)
    code.and(0x12)
    // SYN without ACK: whoever asks for a connection.
    code.jump(.equal, 0x02, otherwise: .drop)
    code.loadAfterHeader(.half, 2)
    for port in open.sorted().prefix(mostPorts) { code.jump(.equal, UInt32(port), to: .drop) }
    code.pass(afterHeader: 14)
    code.mark(.datagram)
    code.loadAfterHeader(.half, 2)
    code.jump(.equal, 53, to: .drop)
    // Answers about names: nobody in the run may take this port.
    code.loadAfterHeader(.half, 0)
    code.jump(.equal, 53, to: .drop)
    code.pass(afterHeader: 8)
    code.mark(.drop)
    code.pass(bytes: 0)
    return code.instructions()
  }

  private static func version4(_ code: inout Assembler) {
    code.mark(.four)
    code.load(.byte, 16)
    code.jump(.equal, 127, to: .drop)
    code.load(.word, 16)
    let own = NetworkPlan.address4(1).reduce(0) { $0 << 8 | UInt32($1) }
    code.jump(.equal, own, to: .drop)
    // A later fragment has no ports.
    code.load(.half, 6)
    code.jump(.anyBit, 0x1FFF, to: .drop)
    code.indexByHeader4()
    code.load(.byte, 9)
    code.go(to: .transport)
  }

  private static func version6(_ code: inout Assembler) {
    code.mark(.six)
    // ::1 and fd00::1 differ in their first word.
    code.load(.word, 36)
    code.jump(.equal, 1, otherwise: .six2)
    code.load(.word, 32)
    code.jump(.equal, 0, otherwise: .six2)
    code.load(.word, 28)
    code.jump(.equal, 0, otherwise: .six2)
    code.load(.word, 24)
    code.jump(.equal, 0, to: .drop)
    code.jump(.equal, 0xFD00_0000, to: .drop)
    code.mark(.six2)
    code.index(40)
    code.load(.byte, 6)
    // One header in between is looked behind: options, a route, a first fragment.
    for kind: UInt32 in [0, 43, 60] { code.jump(.equal, kind, to: .extension) }
    code.jump(.equal, 44, otherwise: .transport)
    code.load(.half, 42)
    code.jump(.anyBit, 0xFFF8, to: .drop)
    code.mark(.extension)
    code.load(.byte, 41)
    code.indexByExtension6()
    code.load(.byte, 40)
  }

  private enum Outgoing { static let value: UInt32 = 4 }

  /// What the kernel knows of a packet besides its bytes, at its own offsets.
  private enum Field {
    static let protocolNumber: UInt32 = 0xFFFF_F000
    static let packetType: UInt32 = 0xFFFF_F004
  }
}

extension TapFilter {
  private enum Label { case four, six, six2, `extension`, transport, stream, datagram, drop }

  private enum Size: UInt16 {
    case word = 0x00
    case half = 0x08
    case byte = 0x10
  }

  private enum Test: UInt16 {
    case equal = 0x15
    case anyBit = 0x45
  }

  /// Jumps by name; each leads forward, and no further than a jump can reach.
  private struct Assembler {
    private var lines: [(instruction: FilterInstruction, yes: Label?, no: Label?)] = []
    private var places: [Label: Int] = [:]

    mutating func mark(_ label: Label) { places[label] = lines.count }

    mutating func load(_ size: Size, _ offset: UInt32) { add(0x20 | size.rawValue, offset) }

    /// Loads what lies behind the network header.
    mutating func loadAfterHeader(_ size: Size, _ offset: UInt32) {
      add(0x40 | size.rawValue, offset)
    }

    mutating func and(_ mask: UInt32) { add(0x54, mask) }
    mutating func index(_ value: UInt32) { add(0x01, value) }
    mutating func indexByHeader4() { add(0xB1, 0) }

    /// From the length in 8 bytes, without the first 8.
    mutating func indexByExtension6() {
      add(0x04, 1)
      add(0x64, 3)
      add(0x04, 40)
      add(0x07, 0)
    }

    mutating func jump(
      _ test: Test,
      _ value: UInt32,
      to yes: Label? = nil,
      otherwise no: Label? = nil
    ) {
      lines.append(
        (FilterInstruction(code: test.rawValue, ifTrue: 0, ifFalse: 0, operand: value), yes, no)
      )
    }

    mutating func go(to label: Label) {
      lines.append((FilterInstruction(code: 0x05, ifTrue: 0, ifFalse: 0, operand: 0), label, nil))
    }

    mutating func pass(afterHeader bytes: UInt32) {
      add(0x87, 0)
      add(0x04, bytes)
      add(0x16, 0)
    }

    mutating func pass(bytes: UInt32) { add(0x06, bytes) }

    private mutating func add(_ code: UInt16, _ operand: UInt32) {
      lines.append(
        (FilterInstruction(code: code, ifTrue: 0, ifFalse: 0, operand: operand), nil, nil)
      )
    }

    func instructions() -> [FilterInstruction] {
      lines.enumerated().map { number, line in
        func distance(_ label: Label?) -> Int {
          label.map { (places[$0] ?? lines.count) - number - 1 } ?? 0
        }
        var instruction = line.instruction
        if instruction.code == 0x05 {
          instruction.operand = UInt32(distance(line.yes))
        } else {
          instruction.ifTrue = UInt8(clamping: distance(line.yes))
          instruction.ifFalse = UInt8(clamping: distance(line.no))
        }
        return instruction
      }
    }
  }
}
