import ExecWire
import Foundation
import Glibc
import Sandbox
import Synchronization
import Testing

/// Commands and files of a sealed session, by the client and the built command.
@Suite(.timeLimit(.minutes(4))) struct SessionTests {
  @Test(
    arguments: [
      ("exit 0", .exited(0)), ("exit 3", .exited(3)), ("kill -9 $$", .signalled(9)),
      ("kill -15 $$", .signalled(15)), ("no-such-command 2>/dev/null", .exited(127)),
    ] as [(String, RanCommand.End)]
  )
  func `a command ends as it does`(script: String, end: RanCommand.End) async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.sh(script)
        #expect(result.end == end)
      }
    }
  }

  @Test func `both outputs come in order, whatever bytes they are`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.sh(#"echo a; echo b >&2; printf '\000\377\n'; cat"#)
        #expect(result.head == Array("a\nb\n".utf8) + [0, 0xFF, 0x0A])
        #expect(result.omitted == 0)
      }
    }
  }

  @Test func `output without end is kept at both ends, and counted`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.run(
          "echo begins; head -c 50000000 /dev/zero; echo ends",
          timeout: .seconds(60),
          bounds: OutputBounds(head: 7, tail: 5)
        )
        #expect(result.end == .exited(0))
        #expect(result.head == Array("begins\n".utf8))
        #expect(result.tail == Array("ends\n".utf8))
        #expect(result.total == 50_000_012)
        #expect(result.omitted == 50_000_000)
      }
    }
  }

  @Test func `a command that takes too long ends with all its group`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.run(
          "trap '' TERM; (trap '' TERM; sleep 1000) & echo $! > pid; sleep 1000; sleep 1000",
          timeout: .milliseconds(200)
        )
        #expect(result.end == .timedOut)
        #expect(result.duration < .seconds(5))
        #expect(try await session.sh("kill -0 $(cat pid)").end == .exited(1))
      }
    }
  }

  @Test func `a background process holds up nobody, and goes on`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.sh(
          "(while echo working; do sleep 0.1; done) & echo $! > pid; echo started"
        )
        #expect(result.end == .exited(0))
        #expect(result.text.contains("started"))
        #expect(result.duration < .seconds(1))
        // It still prints, to nobody, and is not ended by that.
        let alive = try await session.sh("sleep 0.5; kill -0 $(cat pid) && kill $(cat pid)")
        #expect(alive.end == .exited(0))
      }
    }
  }

  @Test func `commands run beside each other`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        // Each waits for the other's file.
        async let first = session.sh("touch a; while [ ! -e b ]; do sleep 0.01; done; echo 1")
        async let second = session.sh("touch b; while [ ! -e a ]; do sleep 0.01; done; echo 2")
        let texts = try await [first.text, second.text]
        #expect(texts == ["1\n", "2\n"])
      }
    }
  }

  @Test func `a cancelled task ends its command`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let (started, begins) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
          try await session.run("echo on; sleep 1000", timeout: .seconds(900)) { _, _ in
            begins.finish()
          }
        }
        for await _ in started {}
        task.cancel()
        let result = try await task.value
        #expect(result.end == .cancelled)
        #expect(result.text == "on\n")
      }
    }
  }

  @Test func `who follows a command sees some of what it prints, and how much it misses`()
    async throws
  {
    try await SessionPlace.with { place in
      try await place.session { session in
        let seen = Mutex<(count: UInt64, skipped: UInt64)>((0, 0))
        let result = try await session.run(
          "head -c 3000000 /dev/zero; sleep 0.3; echo done",
          timeout: .seconds(60)
        ) { skipped, bytes in
          seen.withLock { seen in
            seen.count += UInt64(bytes.count)
            seen.skipped += skipped
          }
        }
        let (count, skipped) = seen.withLock { $0 }
        #expect(result.total == 3_000_005)
        #expect(count > 0 && count + skipped <= result.total && skipped > 2_000_000)
      }
    }
  }

  @Test func `a command starts in the directory that is named`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        _ = try await session.output("mkdir -p deep/er")
        let result = try await session.run("pwd", in: "deep/er", timeout: .seconds(9))
        #expect(result.text == "\(place.workspace)/deep/er\n")
        let nowhere = try await session.run("pwd", in: "nowhere", timeout: .seconds(9))
        #expect(nowhere.end == .notStarted(ENOENT))
        // The next one is back where all start.
        #expect(try await session.output("pwd") == "\(place.workspace)\n")
      }
    }
  }

  @Test func `a write makes its directories, keeps the mode, and is a file of its own`()
    async throws
  {
    try await SessionPlace.with { place in
      try await place.session { session in
        let token = try await session.write("a/b/c.txt", Array("one".utf8), mode: 0o755)
        #expect(try await session.text("a/b/c.txt") == "one")
        _ = try await session.output("ln a/b/c.txt other; ln -s a/b/c.txt link")
        let next = try await session.write(
          "link",
          Array("two".utf8),
          expecting: .unchanged(token)
        )
        #expect(next != token)
        // The link still leads there; the other name has the file that was.
        let seen = try await session.output(
          "cat a/b/c.txt other; stat -c %a link -L; readlink link"
        )
        #expect(seen == "twoone755\na/b/c.txt\n")
        #expect(try await session.output("ls -A a/b") == "c.txt\n")
      }
    }
  }

  @Test func `what was written meanwhile is not overwritten`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let token = try await session.write("f", Array("one".utf8), expecting: .nothing)
        _ = try await session.output("echo other > f")
        await #expect(throws: SessionError.changed(path: "f")) {
          try await session.write("f", [], expecting: .unchanged(token))
        }
        await #expect(throws: SessionError.changed(path: "f")) {
          try await session.write("f", [], expecting: .nothing)
        }
        #expect(try await session.text("f") == "other\n")
        #expect(try await session.output("ls -A") == "f\n")
      }
    }
  }

  @Test func `reads parts of files and names in directories, and waits for no pipe`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        _ = try await session.output("printf 0123456789 > f; mkfifo p; mkdir d; ln -s f l")
        guard case .file(let status, let bytes) = try await session.read("l", from: 3, atMost: 4)
        else { throw SessionError.closed }
        #expect(bytes == Array("3456".utf8))
        #expect(status.token.size == 10 && status.kind == .file)
        guard case .directory(_, let names, true) = try await session.read("") else {
          throw SessionError.closed
        }
        #expect(names.map { String(decoding: $0.name, as: UTF8.self) } == ["d", "f", "l", "p"])
        #expect(names.map(\.kind) == [.directory, .file, .link, .fifo])
        guard case .directory(_, let some, false) = try await session.read("", atMost: 2) else {
          throw SessionError.closed
        }
        #expect(some.count == 2)
        await #expect(throws: SessionError.notAFile(path: "p", kind: .fifo)) {
          try await session.read("p")
        }
        await #expect(throws: SessionError.notAFile(path: "/dev/zero", kind: .characterDevice)) {
          try await session.read("/dev/zero")
        }
        await #expect(throws: SessionError.system(call: "read", path: "no", error: ENOENT)) {
          try await session.read("no")
        }
        #expect(try await session.stat("d").kind == .directory)
        try await session.sync()
      }
    }
  }

  @Test func `large contents go both ways`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let bytes = (0..<8).flatMap { part in [UInt8](repeating: part, count: 1 << 20) }
        try await session.write("large", bytes)
        guard case .file(_, let read) = try await session.read("large") else {
          throw SessionError.closed
        }
        #expect(read == bytes)
        await #expect(throws: SessionError.self) { try await session.write("more", bytes + [0]) }
      }
    }
  }
}
