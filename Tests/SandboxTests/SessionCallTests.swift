import ExecWire
import Testing

@testable import Sandbox

/// What a session lets in from inside, without a process.
@Suite struct SessionCallTests {
  private let run = SessionCall(
    .run(RunRequest(command: [], milliseconds: 1, headBytes: 4, tailBytes: 2))
  )
  private let read = SessionCall(.read(path: [], offset: 0, count: 2))
  private let status = FileStatusInside(
    kind: .file,
    mode: 0,
    token: FileToken(size: 0, modified: 0, inode: 0)
  )

  private func ran(_ head: Int, _ tail: Int, total: UInt64) -> Answer {
    .ran(
      RanCommand(
        end: .exited(0),
        milliseconds: 0,
        total: total,
        head: [UInt8](repeating: 0, count: head),
        tail: [UInt8](repeating: 0, count: tail)
      )
    )
  }

  @Test func `an answer has to fit its question`() {
    #expect(run.accepts(ran(4, 2, total: 6)))
    #expect(run.accepts(.failed(.busy)))
    #expect(!run.accepts(ran(5, 0, total: 5)))
    #expect(!run.accepts(ran(0, 3, total: 3)))
    #expect(!run.accepts(ran(4, 2, total: 5)))
    #expect(!run.accepts(.done))
    #expect(read.accepts(.content(status, bytes: [1, 2])))
    #expect(!read.accepts(.content(status, bytes: [1, 2, 3])))
    #expect(!read.accepts(.written(status.token)))
  }

  @Test(arguments: [[], [0x2F], Array("a/b".utf8), [0], [UInt8](repeating: 1, count: 256)])
  func `a name that no directory holds is none`(name: [UInt8]) {
    let listing = { (name: [UInt8]) in
      Answer.listing(status, names: [ListedName(kind: .file, name: name)], isComplete: true)
    }
    #expect(read.accepts(listing([0xFF])))
    #expect(!read.accepts(listing(name)))
  }

  /// Which of some pieces, each `interval` milliseconds after the one before, are let in.
  private func taken(_ pieces: [Int], interval: Int) -> [Bool] {
    let start = ContinuousClock.now
    var allowance = OutputAllowance(start: start)
    return pieces.enumerated().map { number, count in
      allowance.take(count, at: start + .milliseconds(interval * number))
    }
  }

  @Test func `output while a command runs is held to what was agreed`() {
    let full = ExecWire.outputBytes
    #expect(taken([full + 1], interval: 0) == [false])
    #expect(taken([full, full, full, 1], interval: 0) == [true, true, true, false])
    #expect(taken(Array(repeating: 0, count: 100), interval: 0).contains(false))
    #expect(!taken(Array(repeating: full, count: 1000), interval: 100).contains(false))
    #expect(taken(Array(repeating: full, count: 1000), interval: 50).contains(false))
  }
}
