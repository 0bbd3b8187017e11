/// Builds the seccomp filter of a run as classic BPF: a binary search over the numbers of system
/// calls, with blocks that look at arguments where the rule needs them.
package enum SeccompFilter {
  private static let architecture: UInt32 = 0xC000_003E  // AUDIT_ARCH_X86_64
  private static let x32Bit: UInt32 = 0x4000_0000

  // Return values of a filter.
  private static let allow: UInt32 = 0x7FFF_0000
  private static let notify: UInt32 = 0x7FC0_0000
  private static let errorBase: UInt32 = 0x0005_0000
  private static let notPermitted: UInt32 = 1
  private static let noSystemCall: UInt32 = 38

  // Offsets into struct seccomp_data.
  private static let numberOffset: UInt32 = 0
  private static let architectureOffset: UInt32 = 4
  private static func argument(_ index: Int) -> UInt32 { UInt32(16 + 8 * index) }

  /// The filter. Refused calls go to the listener where `notifies` is true: a run whose listener is
  /// gone gets ENOSYS for them, which is closed too. Without a listener they get EPERM at once.
  /// `observed` numbers go to the listener as well, for a supervisor that lets them proceed.
  /// Without `unixSockets` a process can have connected pairs, and no socket with a path.
  package static func program(
    notifies: Bool,
    unixSockets: Bool = true,
    observed: Set<Int> = []
  ) -> [FilterInstruction] {
    let refuse = notifies ? notify : errorBase | notPermitted
    var assembler = Assembler(unixSockets: unixSockets)
    assembler.load(architectureOffset)
    // i386 calls have other numbers: none of them is known here, so none passes.
    assembler.jumpIfEqual(architecture, skipIfTrue: 1, skipIfFalse: 0)
    assembler.finish(refuse)
    assembler.load(numberOffset)
    assembler.jumpIfAtLeast(x32Bit, skipIfTrue: 0, skipIfFalse: 1)
    assembler.finish(refuse)

    let ranges = ranges(observed: notifies ? observed : [])
    assembler.search(ranges[...], refuse: refuse)
    return assembler.instructions
  }

  // MARK: - Ranges of numbers with the same rule

  struct Range: Equatable {
    let first: UInt32
    let rule: SystemCalls.Rule
    let isObserved: Bool
  }

  static func ranges(observed: Set<Int>) -> [Range] {
    var ranges: [Range] = []
    for number in 0...(SystemCalls.last + 1) {
      let rule = SystemCalls.rule(number)
      let isObserved = observed.contains(number)
      if let last = ranges.last, last.rule == rule, last.isObserved == isObserved { continue }
      ranges.append(Range(first: UInt32(number), rule: rule, isObserved: isObserved))
    }
    return ranges
  }

  // MARK: - Assembling

  struct Assembler {
    let unixSockets: Bool
    var instructions: [FilterInstruction] = []

    mutating func load(_ offset: UInt32) {
      instructions.append(.init(code: 0x20, ifTrue: 0, ifFalse: 0, operand: offset))
    }

    mutating func finish(_ value: UInt32) {
      instructions.append(.init(code: 0x06, ifTrue: 0, ifFalse: 0, operand: value))
    }

    mutating func and(_ mask: UInt32) {
      instructions.append(.init(code: 0x54, ifTrue: 0, ifFalse: 0, operand: mask))
    }

    mutating func jumpIfEqual(_ value: UInt32, skipIfTrue: UInt8, skipIfFalse: UInt8) {
      instructions.append(
        .init(code: 0x15, ifTrue: skipIfTrue, ifFalse: skipIfFalse, operand: value)
      )
    }

    mutating func jumpIfAtLeast(_ value: UInt32, skipIfTrue: UInt8, skipIfFalse: UInt8) {
      instructions.append(
        .init(code: 0x35, ifTrue: skipIfTrue, ifFalse: skipIfFalse, operand: value)
      )
    }

    mutating func jumpIfAnyBit(_ mask: UInt32, skipIfTrue: UInt8, skipIfFalse: UInt8) {
      instructions.append(
        .init(code: 0x45, ifTrue: skipIfTrue, ifFalse: skipIfFalse, operand: mask)
      )
    }

    /// Emits a search tree. Conditional jumps reach 255 instructions, so a large right half is
    /// reached by an unconditional one.
    mutating func search(_ ranges: ArraySlice<Range>, refuse: UInt32) {
      guard ranges.count > 1, let first = ranges.first else {
        if let only = ranges.first { emit(only, refuse: refuse) }
        return
      }
      let middle = ranges.startIndex + ranges.count / 2
      var left = Assembler(unixSockets: unixSockets)
      left.search(ranges[..<middle], refuse: refuse)
      _ = first
      jumpIfAtLeast(ranges[middle].first, skipIfTrue: 0, skipIfFalse: 1)
      instructions.append(
        .init(code: 0x05, ifTrue: 0, ifFalse: 0, operand: UInt32(left.instructions.count))
      )
      instructions += left.instructions
      search(ranges[middle...], refuse: refuse)
    }

    private mutating func emit(_ range: Range, refuse: UInt32) {
      let pass = range.isObserved ? SeccompFilter.notify : SeccompFilter.allow
      switch range.rule {
      case .allow: finish(pass)
      case .deny: finish(refuse)
      case .absent: finish(SeccompFilter.errorBase | SeccompFilter.noSystemCall)
      case .check(let rule): emit(rule, pass: pass, refuse: refuse)
      }
    }

    private mutating func emit(
      _ rule: SystemCalls.ArgumentRule,
      pass: UInt32,
      refuse: UInt32
    ) {
      let setIDs: UInt32 = 0o6000
      switch rule {
      case .cloneFlags, .unshareFlags:
        // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME, which clone
        // itself cannot take since its low byte is the exit signal there.
        let namespaces: UInt32 = 0x7E02_0000 | (rule == .unshareFlags ? 0x80 : 0)
        refuseBits(namespaces, in: 0, pass: pass, refuse: refuse)
      case .socketFamily: socket(pass: pass, refuse: refuse)
      case .terminalControl:
        load(SeccompFilter.argument(1))
        // TIOCSTI types into the terminal, TIOCLINUX pastes into it, TIOCSETD changes its line
        // discipline.
        jumpIfEqual(0x5412, skipIfTrue: 3, skipIfFalse: 0)
        jumpIfEqual(0x541C, skipIfTrue: 2, skipIfFalse: 0)
        jumpIfEqual(0x5423, skipIfTrue: 1, skipIfFalse: 0)
        finish(pass)
        finish(refuse)
      case .personality:
        load(SeccompFilter.argument(0))
        jumpIfEqual(0, skipIfTrue: 2, skipIfFalse: 0)
        jumpIfEqual(0xFFFF_FFFF, skipIfTrue: 1, skipIfFalse: 0)
        finish(refuse)
        finish(pass)
      case .execByDescriptor:
        // AT_EMPTY_PATH runs what has no path, which no path rule can judge.
        refuseBits(0x1000, in: 4, pass: pass, refuse: refuse)
      case .mode1: refuseBits(setIDs, in: 1, pass: pass, refuse: refuse)
      case .mode2: refuseBits(setIDs, in: 2, pass: pass, refuse: refuse)
      case .nodeMode1: node(in: 1, pass: pass, refuse: refuse)
      case .nodeMode2: node(in: 2, pass: pass, refuse: refuse)
      case .openMode2: open(flags: 1, mode: 2, pass: pass, refuse: refuse)
      case .openMode3: open(flags: 2, mode: 3, pass: pass, refuse: refuse)
      case .socketPair: socketPair(pass: pass, refuse: refuse)
      case .filterListener:
        // SECCOMP_FILTER_FLAG_NEW_LISTENER
        refuseBits(0x8, in: 1, pass: pass, refuse: refuse)
      case .coreLimit0: coreLimit(resource: 0, value: nil, pass: pass)
      case .coreLimit1: coreLimit(resource: 1, value: 2, pass: pass)
      }
    }

    private mutating func refuseBits(
      _ mask: UInt32,
      in index: Int,
      pass: UInt32,
      refuse: UInt32
    ) {
      load(SeccompFilter.argument(index))
      jumpIfAnyBit(mask, skipIfTrue: 1, skipIfFalse: 0)
      finish(pass)
      finish(refuse)
    }

    private mutating func node(in index: Int, pass: UInt32, refuse: UInt32) {
      load(SeccompFilter.argument(index))
      jumpIfAnyBit(0o6000, skipIfTrue: 4, skipIfFalse: 0)
      and(0o170000)
      jumpIfEqual(0o020000, skipIfTrue: 2, skipIfFalse: 0)
      jumpIfEqual(0o060000, skipIfTrue: 1, skipIfFalse: 0)
      finish(pass)
      finish(refuse)
    }

    private mutating func open(flags: Int, mode: Int, pass: UInt32, refuse: UInt32) {
      load(SeccompFilter.argument(flags))
      // O_CREAT or the own bit of O_TMPFILE: only then is the mode one.
      jumpIfAnyBit(0o100 | 0o20000000, skipIfTrue: 0, skipIfFalse: 2)
      load(SeccompFilter.argument(mode))
      jumpIfAnyBit(0o6000, skipIfTrue: 1, skipIfFalse: 0)
      finish(pass)
      finish(refuse)
    }

    /// AF_UNIX, AF_INET and AF_INET6 without raw sockets; of netlink only the routing family, which
    /// the C library needs to list addresses.
    private mutating func socket(pass: UInt32, refuse: UInt32) {
      load(SeccompFilter.argument(0))
      jumpIfEqual(1, skipIfTrue: unixSockets ? 9 : 4, skipIfFalse: 0)  // AF_UNIX
      jumpIfEqual(2, skipIfTrue: 4, skipIfFalse: 0)  // AF_INET
      jumpIfEqual(10, skipIfTrue: 3, skipIfFalse: 0)  // AF_INET6
      jumpIfEqual(16, skipIfTrue: 0, skipIfFalse: 1)  // AF_NETLINK
      jumpIfAlways(6)
      finish(refuse)
      // Internet: not SOCK_RAW (3), not SOCK_PACKET (10).
      load(SeccompFilter.argument(1))
      and(0xF)
      jumpIfEqual(3, skipIfTrue: 5, skipIfFalse: 0)
      jumpIfEqual(10, skipIfTrue: 4, skipIfFalse: 0)
      finish(pass)
      // Netlink: NETLINK_ROUTE (0).
      load(SeccompFilter.argument(2))
      jumpIfEqual(0, skipIfTrue: 0, skipIfFalse: 1)
      finish(pass)
      finish(refuse)
    }

    /// Half of a datagram pair may send to, and connect to, any path that there is. A pair of another
    /// family fails, but only after the kernel has loaded that family's module.
    private mutating func socketPair(pass: UInt32, refuse: UInt32) {
      load(SeccompFilter.argument(0))
      jumpIfEqual(1, skipIfTrue: 1, skipIfFalse: 0)  // AF_UNIX
      finish(refuse)
      if !unixSockets {
        load(SeccompFilter.argument(1))
        and(0xF)
        jumpIfEqual(2, skipIfTrue: 0, skipIfFalse: 1)  // SOCK_DGRAM
        finish(refuse)
      }
      finish(pass)
    }

    /// Setting RLIMIT_CORE succeeds and changes nothing: programs end that cannot set it to 0, and
    /// with 0 the kernel starts a core handler of the host's where with 1 it does not.
    private mutating func coreLimit(resource: Int, value: Int?, pass: UInt32) {
      let done = SeccompFilter.errorBase
      load(SeccompFilter.argument(resource))
      jumpIfEqual(4, skipIfTrue: 1, skipIfFalse: 0)
      finish(pass)
      guard let value else { return finish(done) }
      // Without a new value prlimit64 only reads; a pointer has two halves.
      load(SeccompFilter.argument(value))
      jumpIfEqual(0, skipIfTrue: 0, skipIfFalse: 3)
      load(SeccompFilter.argument(value) + 4)
      jumpIfEqual(0, skipIfTrue: 0, skipIfFalse: 1)
      finish(pass)
      finish(done)
    }

    private mutating func jumpIfAlways(_ distance: UInt32) {
      instructions.append(.init(code: 0x05, ifTrue: 0, ifFalse: 0, operand: distance))
    }
  }
}
