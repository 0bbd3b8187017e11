import ExecWire
import Foundation
import Glibc
import Sandbox
import Subprocess
import SystemPackage
import Testing

/// What a hostile command can do to the session that runs it: end it, and nothing else.
@Suite(.timeLimit(.minutes(4))) struct SessionHostileTests {
  /// The service is the parent of every command's shell.
  @Test(
    arguments: [
      "cat /proc/$PPID/mem > /dev/null", "ls /proc/$PPID/fd/", "cat /proc/$PPID/environ",
      "echo garbage > /proc/$PPID/fd/1", "cat < /proc/$PPID/fd/0", "ls -l /proc/$PPID/cwd/",
      "cat /proc/1/environ", "echo garbage > /proc/1/fd/4", "ls /proc/1/fd/",
    ]
  )
  func `nothing of the service is open to its commands`(script: String) async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.sh(script, seconds: 10)
        #expect(result.end != .exited(0) && result.end != .timedOut, "\(result)")
        #expect(try await session.output("echo well") == "well\n")
      }
    }
  }

  @Test func `a command has no descriptor but its own three`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        // The fourth is that of the listing itself.
        let listed = try await session.output("ls /proc/self/fd; readlink /proc/self/fd/0")
        #expect(listed == "0\n1\n2\n3\n/dev/null\n")
      }
    }
  }

  @Test(.enabled(if: hasPython, "needs Python"))
  func `no command may trace the service or take its descriptors`() async throws {
    try await SessionPlace.with { place in
      try await place.session { session in
        let result = try await session.sh(
          """
          python3 - <<'E'
          import ctypes, os
          c = ctypes.CDLL(None, use_errno=True)
          p = os.getppid()
          for call in [(101, 16, p, 0, 0), (434, p, 0), (438, c.syscall(434, os.getppid(), 0), 1, 0)]:
            print(c.syscall(*call) >= 0 and call[0] != 434)
          E
          """
        )
        #expect(!result.text.contains("True"), "\(result.text)")
      }
    }
  }

  @Test func `a killed service is a death that is told, to everyone who waits`() async throws {
    try await SessionPlace.with { place in
      let session = try await place.open()
      async let waiting = session.sh("sleep 1000")
      async let killing = session.sh("sleep 0.2; kill -9 $PPID; sleep 1000")
      for result in [try? await waiting, try? await killing] { #expect(result == nil) }
      guard case .died(let reason) = await session.ended() else {
        Issue.record("the session did not die")
        return
      }
      #expect(reason.contains("gone"), "\(reason)")
      await #expect(throws: SessionError.self) { try await session.sh("true") }
    }
  }

  @Test func `a stopped service is ended by force`() async throws {
    try await SessionPlace.with { place in
      let session = try await place.open()
      let pid = session.processID
      async let stopping = session.sh("kill -STOP $PPID; sleep 1000")
      async let closing: Void = {
        try? await Task.sleep(for: .milliseconds(500))
        await session.close()
      }()
      #expect((try? await stopping) == nil)
      await closing
      #expect(kill(pid, 0) != 0)
    }
  }

  @Test func `a program that says anything but answers is ended`() async throws {
    try await withTemporaryDirectory { directory in
      let lies: [(String, String)] = [
        ("garbage", #"head -c 100000 /dev/urandom"#),
        ("a length", #"printf '\377\377\377\377'; exec sleep 1000"#),
        ("zeros", "exec cat /dev/zero"),
        (
          "another version",
          #"printf '\015\000\000\000\100\0\0\0\0\0\0\0\0\011\000\000\000'; exec sleep 100"#
        ),
        (
          "an answer to nothing",
          #"printf '\015\000\000\000\100\0\0\0\0\0\0\0\0\001\000\000\000\011\000\000\000\107\1\0\0\0\0\0\0\0'; exec sleep 1000"#
        ),
        ("nothing at all", "exit 7"),
      ]
      for (name, script) in lies {
        let program = directory.appending("liar")
        // Written by another process: no child of this one may hold it open while it is executed.
        var writer = Command.named("sh", "-c", #"cat > "$0" && chmod 755 "$0""#, program.string)
        writer.input = "#!/bin/sh\necho woe >&2\n\(script)\n"
        _ = try await writer.run()
        do {
          let session = try await SealedSession.open(
            program: program.string,
            arguments: [],
            environment: ["PATH=/usr/bin:/bin"]
          )
          // The one that greets well lies afterwards.
          guard case .died = await session.ended() else { throw SessionError.closed }
        } catch let error as SessionError {
          guard case .notOpened(let reason) = error else {
            Issue.record("\(name): \(error)")
            continue
          }
          #expect(reason.contains("woe"), "\(name): \(reason)")
        }
      }
    }
  }

  @Test func `whoever forgets a session ends it`() async throws {
    try await SessionPlace.with { place in
      var session: SealedSession? = try await place.open()
      let pid = try #require(session?.processID)
      #expect(session != nil)
      session = nil
      while kill(pid, 0) == 0 { await Task.yield() }
      let runs = try await place.caisson("runs").output
      #expect(!runs.contains("running"), "\(runs)")
    }
  }

  @Test(.enabled(if: hasPython, "needs Python"), arguments: [false, true])
  func `a session ends with the process that drives it`(isStopped: Bool) async throws {
    try await SessionPlace.with { place in
      var driver = Command.named("python3", "-c", Self.driver)
      driver.arguments += [Command.binary("caisson").string, place.workspace.string]
      driver.environment["CAISSON_HOME"] = place.home.string
      let session = try await driver.run { python, lines in
        var words = lines.makeAsyncIterator()
        let line = try await words.next() ?? ""
        let session = try #require(pid_t(line.filter(\.isNumber)))
        if isStopped {
          // The service cannot see the end of its input then.
          let service = try #require(Self.descendants(of: session).last)
          kill(service, SIGSTOP)
        }
        // env has become Python.
        kill(python, SIGKILL)
        return session
      }
      while kill(session, 0) == 0 { try await Task.sleep(for: .milliseconds(10)) }
      let runs = try await place.caisson("runs").output
      #expect(!runs.contains("running"), "\(runs)")
    }
  }

  /// Opens a session as any other program would, and does nothing with it.
  private static let driver = """
    import socket, subprocess, sys, time
    near, far = socket.socketpair()
    session = subprocess.Popen(
      [sys.argv[1], "run", "--session", "--in", sys.argv[2]], stdin=far, stdout=far)
    far.close()
    near.recv(17)
    print(session.pid, flush=True)
    time.sleep(1000)
    """

  private static func descendants(of process: pid_t) throws -> [pid_t] {
    let path = "/proc/\(process)/task/\(process)/children"
    let children = try String(contentsOfFile: path, encoding: .utf8)
      .split(separator: " ").compactMap { pid_t($0) }
    return try children + children.flatMap(descendants)
  }

  @Test func `a hundred sessions fit into one process`() async throws {
    try await SessionPlace.with { place in
      // Each opens as the one before has answered: the machine has few processors.
      var sessions: [SealedSession] = []
      for _ in 1...100 { sessions.append(try await place.open()) }
      let ends = await withTaskGroup(of: Bool.self) { group in
        for (index, session) in sessions.enumerated() {
          group.addTask { (try? await session.output("echo \(index)")) == "\(index)\n" }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(ends == 100)
      await withTaskGroup(of: Void.self) { group in
        for session in sessions { group.addTask { await session.close() } }
      }
    }
  }

  private static let hasPython = access("/usr/bin/python3", X_OK) == 0
}
