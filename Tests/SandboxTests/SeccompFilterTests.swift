import Testing

@testable import Sandbox

/// The filter, run by an interpreter of classic BPF that is written from its specification.
@Suite struct SeccompFilterTests {
  enum Verdict: Equatable {
    case allow, notify
    case error(Int)
  }

  static func run(
    _ program: [FilterInstruction],
    number: UInt32,
    architecture: UInt32 = 0xC000_003E,
    arguments: [UInt64] = [0, 0, 0, 0, 0, 0]
  ) throws -> Verdict {
    var data = [UInt32](repeating: 0, count: 16)
    data[0] = number
    data[1] = architecture
    for (index, argument) in arguments.enumerated() {
      data[4 + 2 * index] = UInt32(truncatingIfNeeded: argument)
      data[5 + 2 * index] = UInt32(truncatingIfNeeded: argument >> 32)
    }
    var accumulator: UInt32 = 0
    var counter = 0
    while true {
      let instruction = try #require(program.indices.contains(counter) ? program[counter] : nil)
      counter += 1
      func jump(_ condition: Bool) {
        counter += Int(condition ? instruction.ifTrue : instruction.ifFalse)
      }
      switch instruction.code {
      case 0x20: accumulator = data[Int(instruction.operand / 4)]
      case 0x54: accumulator &= instruction.operand
      case 0x05: counter += Int(instruction.operand)
      case 0x15: jump(accumulator == instruction.operand)
      case 0x35: jump(accumulator >= instruction.operand)
      case 0x45: jump(accumulator & instruction.operand != 0)
      case 0x06:
        switch instruction.operand & 0xFFFF_0000 {
        case 0x7FFF_0000: return .allow
        case 0x7FC0_0000: return .notify
        default: return .error(Int(instruction.operand & 0xFFFF))
        }
      default: Issue.record("instruction \(instruction.code)")
      }
    }
  }

  static let program = SeccompFilter.program(notifies: true)

  @Test func `fits the kernel's bound and jumps forward within itself`() {
    #expect(Self.program.count < 4096)
    for (index, instruction) in Self.program.enumerated() where instruction.code & 0x7 == 5 {
      let distance =
        instruction.code == 0x05
        ? Int(instruction.operand) : Int(max(instruction.ifTrue, instruction.ifFalse))
      #expect(index + 1 + distance < Self.program.count)
    }
  }

  @Test func `agrees with the table for every number`() throws {
    for number in 0..<2000 {
      let verdict = try Self.run(Self.program, number: UInt32(number))
      switch SystemCalls.rule(number) {
      case .allow: #expect(verdict == .allow, "\(number)")
      case .deny: #expect(verdict == .notify, "\(number)")
      case .absent: #expect(verdict == .error(38), "\(number)")
      case .check: #expect(verdict == .allow || verdict == .notify, "\(number)")
      }
    }
  }

  @Test func `refuses every call of another architecture and of x32`() throws {
    for number: UInt32 in 0..<512 {
      let other = try Self.run(Self.program, number: number, architecture: 0x4000_0003)
      let x32 = try Self.run(Self.program, number: number | 0x4000_0000)
      #expect(other == .notify)
      #expect(x32 == .notify)
    }
  }

  @Test(
    arguments: [
      // socket(family, type, protocol)
      (41, [1, 1, 0], true), (41, [2, 1, 0], true), (41, [10, 2, 17], true),
      (41, [2, 3, 1], false), (41, [2, 0x80803, 1], false), (41, [2, 10, 0], false),
      (41, [16, 3, 0], true), (41, [16, 3, 9], false), (41, [17, 3, 0], false),
      (41, [38, 5, 0], false), (41, [40, 1, 0], false), (41, [0, 1, 0], false),
      // clone and unshare flags
      (56, [0x11], true), (56, [0x3D0F00], true), (56, [0x1000_0011], false),
      (56, [0x4000_0000], false), (272, [0x400], true), (272, [0x1000_0000], false),
      (272, [0x80], false),
      // modes
      (90, [0, 0o755], true), (90, [0, 0o4755], false), (90, [0, 0o2755], false),
      (268, [0, 0, 0o4755], false), (452, [0, 0, 0o2000], false), (91, [3, 0o6755], false),
      (2, [0, 0o100, 0o4755], false), (2, [0, 0, 0o4755], true),
      (257, [0, 0, 0o100, 0o2755], false), (257, [0, 0, 0o20200002, 0o4600], false),
      (257, [0, 0, 0o200000, 0o7777], true), (85, [0, 0o4755], false),
      (133, [0, 0o10644], true), (133, [0, 0o20644], false), (259, [0, 0, 0o60644], false),
      (259, [0, 0, 0o140755], true), (259, [0, 0, 0o104755], false),
      // the terminal, personality, exec by descriptor
      (16, [0, 0x5412], false), (16, [0, 0x541C], false), (16, [0, 0x5401], true),
      (16, [0, 0xFFFF_FFFF_0000_5412], false),
      (135, [0], true), (135, [0xFFFF_FFFF], true), (135, [0x40000], false),
      // pairs, and a listener of one's own
      (53, [1, 2, 0], true), (53, [30, 5, 0], false), (317, [1, 0], true), (317, [1, 8], false),
      (317, [1, 0x19], false),
      (135, [0x400000], false), (322, [3, 0, 0, 0, 0x1000], false), (322, [3, 0, 0, 0, 0], true),
    ] as [(UInt32, [UInt64], Bool)]
  )
  func `decides by arguments`(number: UInt32, given: [UInt64], isAllowed: Bool) throws {
    let arguments = given + Array(repeating: 0, count: 6 - given.count)
    let verdict = try Self.run(Self.program, number: number, arguments: arguments)
    #expect(verdict == (isAllowed ? .allow : .notify))
    #expect(
      FileCalls.observed.contains(Int(number)) == false
        || FileCalls.isHarmless(Int(number), arguments) == isAllowed
    )
  }

  @Test(
    arguments: [
      (160, [4], true), (160, [7], false), (302, [0, 4, 0], false), (302, [0, 4, 0x7000], true),
      (302, [0, 4, 0x7000_0000_0000], true), (302, [0, 7, 0x7000], false),
      (302, [0, 0x1_0000_0004, 0x7000], true),
    ] as [(UInt32, [UInt64], Bool)]
  )
  func `says yes to a new core limit and sets none`(
    number: UInt32,
    given: [UInt64],
    isSwallowed: Bool
  ) throws {
    let arguments = given + Array(repeating: 0, count: 6 - given.count)
    let verdict = try Self.run(Self.program, number: number, arguments: arguments)
    #expect(verdict == (isSwallowed ? .error(0) : .allow))
  }

  @Test(
    arguments: [
      (41, [1, 1, 0], false), (41, [1, 0x80002, 0], false), (53, [1, 1, 0], true),
      (53, [1, 0x80005, 0], true), (53, [1, 2, 0], false), (53, [1, 0x80802, 0], false),
    ] as [(UInt32, [UInt64], Bool)]
  )
  func `leaves only connected pairs where the run shares the host's tree`(
    number: UInt32,
    given: [UInt64],
    isAllowed: Bool
  ) throws {
    let program = SeccompFilter.program(notifies: true, unixSockets: false)
    let arguments = given + Array(repeating: 0, count: 6 - given.count)
    let verdict = try Self.run(program, number: number, arguments: arguments)
    #expect(verdict == (isAllowed ? .allow : .notify))
  }

  @Test func `refuses without a listener, too`() throws {
    let program = SeccompFilter.program(notifies: false)
    #expect(try Self.run(program, number: 425) == .error(1))
    #expect(try Self.run(program, number: 0) == .allow)
  }
}
