import SystemPackage
import Testing

/// A terminal that takes nothing, as after Ctrl-S or behind a dead connection: a Python script holds
/// the other end of a pseudo-terminal and does not read.
@Suite(.enabled(if: ProgramTests.has("python3"), "needs python3"), .timeLimit(.minutes(4)))
struct StuckTerminalTests {
  private static let person = """
    import os, pty, sys, time
    def start(*options):
        global pid, fd, begin
        pid, fd = pty.fork()
        if pid == 0: os.execv(sys.argv[1], [sys.argv[1], "run", *options])
        begin = time.time()
    def ended():
        global status, usage
        found, status, usage = os.wait4(pid, os.WNOHANG)
        return found != 0
    def wait(seconds):
        end = time.time() + seconds
        while not ended():
            if time.time() > end:
                os.kill(pid, 9)
                sys.exit("it did not end")
            time.sleep(0.02)
        return os.waitstatus_to_exitcode(status)

    """

  private func session(_ script: String) async throws -> Command.Result {
    try await RunTests.withPlace { place in
      try place.write("policy.yaml", "version: 1\nlimits: { wall: 1s }\n")
      var outer = Command.named("python3", "-c", directory: place.workspace)
      outer.arguments += [Self.person + script, Command.binary("caisson").string]
      outer.environment["CAISSON_HOME"] = place.home.string
      let result = try await outer.run()
      #expect(result.status == .exited(0), "\(result.error)")
      return try await Command.caisson("runs", "--json", home: place.home).run()
    }
  }

  @Test(arguments: ["yes", "trap '' TERM; while :; do echo y; done"])
  func `a limit ends a run in time though the terminal takes nothing`(
    script: String
  ) async throws {
    let runs = try await session(
      """
      start("--policy", "policy.yaml", "--", "sh", "-c", \"""\(script)\""")
      assert wait(8) in (143, 137), status
      """
    )
    #expect(runs.output.contains(#""limit":"wall""#), "\(runs.output)")
  }

  @Test func `what a run wrote is all shown once the terminal takes something again`()
    async throws
  {
    _ = try await session(
      """
      start("--", "sh", "-c", "seq 1 20000; exit 3")
      time.sleep(1)
      assert not ended(), "it did not wait"
      seen = b""
      while True:
          try: seen += os.read(fd, 65536)
          except OSError: break
      assert wait(8) == 3, status
      lines = seen.split(b"\\r\\n")
      assert lines[:20000] == [b"%d" % n for n in range(1, 20001)], lines[-5:]
      assert b"exit 3" in lines[20000], lines[20000:]
      """
    )
  }

  @Test func `a second Ctrl-C ends the wait for a terminal that takes nothing`() async throws {
    let runs = try await session(
      """
      start("--", "sh", "-c", "seq 1 20000")
      time.sleep(0.7); os.write(fd, b"\\x03")
      time.sleep(0.7); assert not ended(), "it did not wait"
      os.write(fd, b"\\x03")
      assert wait(8) == 130, status
      """
    )
    #expect(runs.output.contains(#""signal":2"#), "\(runs.output)")
  }

  @Test func `a run that has closed its terminal costs the supervisor nothing`() async throws {
    _ = try await session(
      """
      start("--quiet", "--", "sh", "-c",
          "exec </dev/null >/dev/null 2>&1; sleep 1.5; echo back > /dev/tty")
      seen = b""
      while True:
          try: seen += os.read(fd, 65536)
          except OSError: break
      assert wait(8) == 0, status
      assert seen == b"back\\r\\n", seen
      assert usage.ru_utime + usage.ru_stime < 1, usage
      """
    )
  }
}
