import ExecWire
import Foundation
import Glibc
import Sandbox
import Synchronization
import Testing

/// Commands of a sealed session that are talked with.
@Suite(.timeLimit(.minutes(4))) struct SessionTalkTests {
  /// What a command says, as a test hears it.
  private struct Ear {
    let command: TalkingCommand
    private let events: AsyncStream<TalkingCommand.Event>

    init(_ session: SealedSession, _ line: String, timeout: Duration = .seconds(60)) {
      let (events, hears) = AsyncStream.makeStream(of: TalkingCommand.Event.self)
      self.events = events
      command = session.talk(line, timeout: timeout) { event in
        hears.yield(event)
        if case .ended = event { hears.finish() }
      }
    }

    /// Until it has said this, or ended.
    func hears(_ text: String) async -> Bool {
      var said: [UInt8] = []
      for await case .said(let bytes) in events {
        command.took(bytes.count)
        said += bytes
        if String(decoding: said, as: UTF8.self).contains(text) { return true }
      }
      return false
    }

    func rest() async throws -> (said: [UInt8], complained: [UInt8], result: CommandResult?) {
      var said: [UInt8] = []
      var complained: [UInt8] = []
      for await event in events {
        switch event {
        case .said(let bytes):
          command.took(bytes.count)
          said += bytes
        case .complained(_, let bytes): complained += bytes
        case .ended(let result): return (said, complained, try result.get())
        }
      }
      return (said, complained, nil)
    }
  }

  @Test func `a command hears and answers, again and again, until its input ends`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let ear = Ear(
          session,
          "while read -r line; do echo \"you said $line\"; done; echo over >&2"
        )
        for word in ["one", "two", "three"] {
          #expect(ear.command.write(Array("\(word)\n".utf8)))
          #expect(await ear.hears("you said \(word)\n"))
        }
        ear.command.closeInput()
        let (said, _, result) = try await ear.rest()
        #expect(said == [])
        #expect(result?.end == .exited(0))
        #expect(result?.head == Array("over\n".utf8))
      }
    }
  }

  @Test func `nothing is lost of what it is told and says, however much`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        var bytes = [UInt8](repeating: 0, count: 5_000_000)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
        let ear = Ear(session, "cat")
        #expect(ear.command.write(bytes))
        ear.command.closeInput()
        let (said, _, result) = try await ear.rest()
        #expect(said == bytes)
        #expect(result?.end == .exited(0))
      }
    }
  }

  @Test func `one that does not read holds up nobody, and what waits for it is bounded`()
    async throws
  {
    try await SessionPlace.with { place in
      try await place.session { session in
        let ear = Ear(session, "echo on; exec sleep 1000")
        #expect(await ear.hears("on"))
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        var taken = 0
        while ear.command.write(piece), taken < 100 { taken += 1 }
        #expect((15...17).contains(taken))
        #expect(try await session.output("echo others go on") == "others go on\n")
        ear.command.end()
        let (_, _, result) = try await ear.rest()
        #expect(result?.end == .cancelled)
      }
    }
  }

  @Test func `one that says more than is taken in waits`() async throws {
    try await SessionPlace.with { place in
      try await place.session { (session: SealedSession) async throws -> Void in
        let counted = Mutex(0)
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let (holds, hold) = AsyncStream.makeStream(of: Void.self)
        let command = session.talk("yes; echo never", timeout: .seconds(60)) { event in
          switch event {
          case .said(let bytes):
            let count = counted.withLock { counted in
              counted += bytes.count
              return counted
            }
            if count == ExecWire.largestWindow { hold.finish() }
          case .complained: break
          case .ended: end.finish()
          }
        }
        for await _ in holds {}
        let others: String = try await session.output("echo others go on")
        #expect(others == "others go on\n")
        #expect(counted.withLock { $0 } == ExecWire.largestWindow)
        command.end()
        // What it said before its end is still to be told.
        command.took(ExecWire.largestWindow)
        for await _ in ends {}
        #expect(counted.withLock { $0 } > ExecWire.largestWindow)
      }
    }
  }

  @Test func `input for one that has ended, or closed it, is lost as in any pipe`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let ear = Ear(session, "exec <&-; echo closed; sleep 0.2; exit 4")
        #expect(await ear.hears("closed"))
        // More than a pipe holds.
        let bytes = [UInt8](repeating: 1, count: 1 << 20)
        let isTaken = ear.command.write(bytes)
        #expect(isTaken)
        let (_, _, result) = try await ear.rest()
        #expect(result?.end == .exited(4))
        let isLost = ear.command.write(bytes)
        #expect(isLost)
      }
    }
  }

  @Test func `it ends with its time, with the session, and when its supervisor is killed`()
    async throws
  {
    try await SessionPlace.with { place in
      try await place.session { session in
        let late = Ear(session, "echo on; cat", timeout: .milliseconds(500))
        let (_, _, timedOut) = try await late.rest()
        #expect(timedOut?.end == .timedOut)
        let ear = Ear(session, "echo on; cat")
        #expect(await ear.hears("on"))
        _ = ear.command.write(Array("words\n".utf8))
        #expect(await ear.hears("words"))
        kill(session.processID, SIGKILL)
        await #expect(throws: SessionError.self) { try await ear.rest() }
      }
    }
  }
}
