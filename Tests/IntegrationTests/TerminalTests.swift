import Foundation
import SystemPackage
import Testing

/// A person at a terminal: a Python script types into a pseudo-terminal whose shell runs `caisson`.
@Suite(
  .enabled(if: ProgramTests.has("python3", "bash"), "needs python3 and bash"),
  .timeLimit(.minutes(4))
)
struct TerminalTests {
  /// Waits for what the terminal shows, and fails with what it showed instead.
  private static let person = """
    import os, pty, re, select, signal, sys, termios, time
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", TERM="dumb")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    seen = b""
    def until(pattern, seconds=20):
        global seen
        end = time.time() + seconds
        while time.time() < end:
            found = re.search(pattern.encode(), seen)
            if found:
                text, seen = seen[:found.end()].decode(errors="replace"), seen[found.end():]
                return text
            if select.select([fd], [], [], 0.1)[0]:
                seen += os.read(fd, 65536)
        sys.exit("no %r in %r" % (pattern, seen))
    def type(text): os.write(fd, text.encode())
    caisson = sys.argv[1] + " run --quiet -- "
    until(r"\\$ ")
    type("stty -g > ../before; stty rows 33 columns 77; echo s$((1+1))\\n"); until("s2\\r")

    """

  private func session(_ script: String) async throws {
    try await RunTests.withPlace { place in
      let finish = """

        type("stty -g > ../after; echo f$((1+1))\\n"); until("f2\\r")
        assert open("../before").read() == open("../after").read(), "the terminal was left changed"
        os.kill(pid, signal.SIGKILL)
        """
      var outer = Command.named("python3", "-c", directory: place.workspace)
      outer.arguments += [Self.person + script + finish, Command.binary("caisson").string]
      outer.environment["CAISSON_HOME"] = place.home.string
      let result = try await outer.run()
      #expect(result.status == .exited(0), "\(result.error)")
    }
  }

  @Test func `a shell has job control, the window's size, Ctrl-C and Ctrl-Z`() async throws {
    try await session(
      """
      type(caisson + "bash --norc --noprofile -i\\n"); until("\\n")
      type("echo r$((1+1)); stty size\\n"); text = until("33 77")
      assert "job control" not in text, text
      type("sleep 100\\n"); until("sleep"); time.sleep(0.3); type("\\x03"); type("echo c$((1+1))\\n")
      until("c2\\r")
      type("sleep 100\\n"); until("sleep"); time.sleep(0.3); type("\\x1a"); until("Stopped")
      type("fg\\n"); until("sleep 100"); time.sleep(0.3); type("\\x03"); time.sleep(0.3)
      type("exit 7\\n"); until(r"exit\\r\\n\\$ "); type("echo status=$?\\n")
      until("status=7")
      """
    )
  }

  @Test func `a run that is told to stop gives the terminal back as it was`() async throws {
    try await session(
      """
      type(caisson + "sh -c 'echo up; echo $((40+2)); sleep 100'; echo e$((1+1))\\n"); until("42\\r")
      children = open("/proc/%d/task/%d/children" % (pid, pid)).read().split()
      for child in children: os.kill(int(child), signal.SIGTERM)
      until("e2\\r")
      """
    )
  }

  @Test func `in a pipeline the terminal is shared, and in the background it is left alone`()
    async throws
  {
    try await session(
      """
      flags = "python3 -c 'import termios as t; print(\\"flags\\", bool(t.tcgetattr(0)[3] & t.ICANON))'"
      type(caisson + "sh -c 'read a; echo got-$a' | cat\\n"); time.sleep(0.3); type("line\\n")
      until("got-line"); until(r"\\$ ")
      type(caisson + "sh -c 'sleep 1; echo d$((1+1))' & sleep 0.3; " + flags + "\\n")
      until("flags True"); until("d2\\r"); type("wait\\n")
      """
    )
  }

  @Test func `under --learn the person is asked about each host once, and the answer holds`()
    async throws
  {
    try await session(
      """
      get = "curl -sS -m 20 http://nowhere.invalid/; echo; "
      type(sys.argv[1] + " run --learn -- sh -c '" + get + get + "echo e$((1+1))'\\n")
      until(r"wants nowhere.invalid at port 80. Allow it for this run\\? \\[y/N\\] ")
      type("y"); time.sleep(0.7); type("n"); text = until("e2\\r")
      assert text.count("does not grant nowhere.invalid:80") == 2, text
      assert "[y/N]" not in text, text
      until("caisson: run"); until(r"\\$ ")
      type(sys.argv[1] + " run --quiet --learn -- sh -c '" + get + get + "echo e$((1+1))'\\n")
      until(r"\\[y/N\\] "); time.sleep(0.7); type("y"); text = until("e2\\r")
      assert text.count("nowhere.invalid was not resolved") == 2, text
      assert "[y/N]" not in text, text
      until(r"\\$ "); type(sys.argv[1] + " audit last\\n")
      until("granted at the terminal: nowhere.invalid:80"); until(r"\\$ ")
      type(sys.argv[1] + " policy learn last\\n"); until(r"\\+  - { host: nowhere.invalid, ports: \\[80\\] }")
      until(r"\\$ ")
      """
    )
  }
}
