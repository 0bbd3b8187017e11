import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// `caisson run` through the command line, on this machine's kernel.
@Suite struct RunTests {
  /// A workspace with one file, and a place for Caisson's state.
  struct Place {
    let home: FilePath
    let workspace: FilePath

    func write(_ name: String, _ text: String) throws {
      try text.write(toFile: workspace.appending(name).string, atomically: false, encoding: .utf8)
    }

    func exists(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: workspace.appending(name).string)
    }

    func run(_ options: [String] = [], _ command: String...) async throws -> Command.Result {
      var sealed = Command.caisson(home: home, directory: workspace)
      sealed.arguments = ["run"] + options + ["--"] + command
      return try await sealed.run()
    }

    /// The rows of the last run.
    func audit() async throws -> String {
      try await Command.caisson("audit", "last", home: home).run().output
    }

    func sh(_ script: String, options: [String] = ["--quiet"]) async throws -> Command.Result {
      try await run(options, "sh", "-c", script)
    }
  }

  static func withPlace<Value>(_ body: (Place) async throws -> Value) async throws -> Value {
    try await withTemporaryDirectory { directory in
      let place = Place(
        home: directory.appending("home"),
        workspace: directory.appending("workspace")
      )
      try FileManager.default.createDirectory(
        atPath: place.workspace.string,
        withIntermediateDirectories: false
      )
      try place.write("present.txt", "before\n")
      return try await body(place)
    }
  }

  @Test(
    arguments: [
      ["--quiet", "--workspace", "none", "--policy", "default"],
      ["--quiet", "--workspace=none", "--policy=default"],
      // The full parser reads what the quick one leaves alone.
      ["--quiet", "--workspace", "none", "--no-such-option"],
      ["--quiet", "--workspace", "sideways"],
    ]
  )
  func `reads its options, in either spelling, and refuses what is none`(
    options: [String]
  ) async throws {
    try await Self.withPlace { place in
      let result = try await place.run(options, "pwd")
      if options.contains("--no-such-option") || options.contains("sideways") {
        #expect(result.status == .exited(64))
        #expect(result.error.contains("no-such-option") || result.error.contains("sideways"))
      } else {
        #expect(result.output == "/tmp\n", "\(result.error)")
      }
    }
  }

  @Test func `holds changes back from the workspace`() async throws {
    try await Self.withPlace { place in
      let result = try await place.sh("echo after > present.txt; echo new > new.txt; cat *.txt")
      #expect(result.status == .exited(0))
      #expect(result.output == "new\nafter\n")
      #expect(result.error == "")
      #expect(!place.exists("new.txt"))
      let kept = try String(
        contentsOfFile: place.workspace.appending("present.txt").string,
        encoding: .utf8
      )
      #expect(kept == "before\n")
    }
  }

  @Test(
    arguments: [
      ("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143),
    ] as [(String, Int32)]
  )
  func `exits as the command does`(script: String, status: Int32) async throws {
    try await Self.withPlace { place in
      let result = try await place.sh(script)
      #expect(result.status == .exited(status))
    }
  }

  @Test func `tells a missing command from one that cannot be run`() async throws {
    try await Self.withPlace { place in
      let missing = try await place.run([], "no-such-command")
      #expect(missing.status == .exited(127))
      #expect(missing.error.contains("no-such-command: not found inside the run"))
      let refused = try await place.run([], "/etc/ssl")
      #expect(refused.status == .exited(126))
    }
  }

  @Test func `never has the host's uid 0, nor any capability`() async throws {
    try await Self.withPlace { place in
      let result = try await place.sh(
        "id -u; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status"
      )
      let lines = result.output.split(separator: "\n")
      #expect(lines.first != "0")
      #expect(lines.filter { $0.hasPrefix("Cap") }.allSatisfy { $0.hasSuffix("0000000000000000") })
      #expect(lines.contains("NoNewPrivs:\t1"))
      #expect(lines.contains("Seccomp:\t2"))
    }
  }

  @Test func `sees no process, no network device and no file of the host beyond the policy`()
    async throws
  {
    try await Self.withPlace { place in
      let script = """
        ls -d /proc/[0-9]* | wc -l; ls /sys 2>&1; ip -o link 2>/dev/null | wc -l
        tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '
        for path in /etc/shadow /run /boot /srv /var/log \(place.home); do
          test -e $path && echo visible $path; done; true
        """
      let result = try await place.sh(script)
      #expect(!result.output.contains("visible"))
      #expect(result.output.contains("\nlo\n"))
      #expect(!result.output.contains("eth"))
    }
  }

  @Test func `withholds secrets of the environment and says so`() async throws {
    try await Self.withPlace { place in
      var sealed = Command.caisson(
        home: place.home,
        environment: ["MY_API_TOKEN": "canary-value", "SSH_AUTH_SOCK": "/tmp/agent"],
        directory: place.workspace
      )
      sealed.arguments = ["run", "--", "env"]
      let result = try await sealed.run()
      #expect(!result.output.contains("canary-value"))
      #expect(!result.output.contains("SSH_AUTH_SOCK"))
      #expect(result.error.contains("MY_API_TOKEN"))
      #expect(!result.error.contains("canary-value"))
    }
  }

  @Test func `passes no descriptor but the first three`() async throws {
    try await Self.withPlace { place in
      var outer = Command.named("sh", "-c", "", directory: place.workspace)
      let caisson = Command.binary("caisson")
      outer.arguments[2] =
        "exec 7</etc/passwd 9</; CAISSON_HOME=\(place.home) \(caisson) run --quiet -- ls -l /proc/self/fd"
      let result = try await outer.run()
      let names = result.output.split(separator: "\n").compactMap { line -> Substring? in
        let parts = line.split(separator: " ")
        return parts.firstIndex(of: "->").map { parts[$0 - 1] }
      }
      #expect(names == ["0", "1", "2", "3"], "\(result.output)")
    }
  }

  @Test func `gives the command a terminal of its own`() async throws {
    try await Self.withPlace { place in
      var outer = Command.named("script", "-qec", "", "/dev/null", directory: place.workspace)
      let caisson = Command.binary("caisson")
      outer.arguments[2] = "\(caisson) run --quiet -- sh -c 'tty; stty -a | head -1; ls /dev/pts'"
      outer.environment["CAISSON_HOME"] = place.home.string
      let result = try await outer.run()
      #expect(result.output.contains("/dev/pts/0"), "\(result.output) \(result.error)")
    }
  }

  @Test func `refuses a policy that grants models where no gateway is running`() async throws {
    try await Self.withPlace { place in
      try place.write("policy.yaml", "version: 1\nmodels: { allow: [cheap] }\n")
      let result = try await place.run(["--policy", "policy.yaml"], "true")
      #expect(result.status == .exited(126))
      #expect(result.error.contains("start it with: caisson gateway"))
    }
  }

  @Test func `refuses a policy that grants what is not enforced yet`() async throws {
    try await Self.withPlace { place in
      try place.write(
        "policy.yaml",
        "version: 1\napprovals: [{ when: push }]\n"
      )
      let result = try await place.run(["--policy", "policy.yaml"], "true")
      #expect(result.status == .exited(126))
      #expect(result.error.contains("approvals"))
    }
  }

  @Test func `stops a command that runs longer than the policy lets it`() async throws {
    try await Self.withPlace { place in
      try place.write("policy.yaml", "version: 1\nlimits: { wall: 1s }\n")
      let result = try await place.run(["--policy", "policy.yaml"], "sleep", "60")
      #expect(result.status == .exited(143))
      #expect(result.error.contains("limit: wall"))
    }
  }

  @Test func `bounds processes and memory`() async throws {
    try await Self.withPlace { place in
      try place.write("policy.yaml", "version: 1\nlimits: { processes: 20, memory: 256MiB }\n")
      let forks = try await place.run(
        ["--policy", "policy.yaml"],
        "sh",
        "-c",
        "i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done 2>&1 | tail -1; exit 0"
      )
      #expect((forks.output + forks.error).contains("fork"))
      let hungry = try await place.run(
        ["--policy", "policy.yaml"],
        "python3",
        "-c",
        "x = bytearray(1 << 30); print('got it')"
      )
      #expect(!hungry.output.contains("got it"))
    }
  }

  @Test func `ends with the command, daemons included`() async throws {
    try await Self.withPlace { place in
      let marker = "\(getpid())\(Int.random(in: 10000...99999))"
      _ = try await place.sh("setsid sleep \(marker) & exit 0")
      let alive = try await Command.named("pgrep", "-f", "sleep \(marker)").run()
      #expect(alive.output == "")
    }
  }

  @Test func `ends with the supervisor, whatever kills it`() async throws {
    try await Self.withPlace { place in
      for round in 0..<10 {
        let marker = "\(getpid())\(Int.random(in: 10000...99999))\(round)"
        var sealed = Command.caisson(home: place.home, directory: place.workspace)
        sealed.arguments = [
          "run", "--quiet", "--", "sh", "-c", "setsid sleep \(marker) & echo up; sleep \(marker)",
        ]
        try await sealed.run { pid, lines in
          for try await line in lines where line.hasPrefix("up") {
            kill(pid, SIGKILL)
            break
          }
          usleep(50_000)
          let alive = try await Command.named("pgrep", "-f", "sleep \(marker)").run()
          #expect(alive.output == "")
        }
      }
      let files = FileManager.default
      let runs = try files.contentsOfDirectory(atPath: place.home.appending("runs").string)
      // Where the groups lie below the caller's own, each controller's tree differs.
      func left() async throws -> [Substring] {
        let find = Command.named(
          "find",
          "/sys/fs/cgroup",
          "-type",
          "d",
          "-name",
          "caisson-*",
          "-printf",
          "%f\\n"
        )
        let found = try await find.run().output.split(separator: "\n")
        return found.filter { group in runs.contains { group == "caisson-\($0)" } }
      }
      // On a busy machine the launcher may clear up a little later.
      for _ in 0..<100 where try await !left().isEmpty {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(try await left() == [])
      let verified = try await Command.caisson("audit", "--verify", home: place.home).run()
      #expect(verified.status == .exited(0))
    }
  }

  @Test func `ends with the launcher that waits outside`() async throws {
    try await Self.withPlace { place in
      var sealed = Command.caisson(home: place.home, directory: place.workspace)
      sealed.arguments = ["run", "--", "sh", "-c", "echo up; sleep 600"]
      try await sealed.run { pid, lines in
        // Its output ends when every process of the run is dead.
        for try await line in lines where line.hasPrefix("up") {
          let path = "/proc/\(pid)/task/\(pid)/children"
          let children = try String(contentsOfFile: path, encoding: .utf8)
          let launcher = children.split(separator: " ").first.flatMap { Int32($0) }
          kill(try #require(launcher), SIGKILL)
        }
      }
      let audit = try await Command.caisson("audit", "last", home: place.home).run()
      #expect(audit.output.contains("up; sleep 600"))
    }
  }

  @Test func `ends with the launcher at once, whatever holds up the supervisor`() async throws {
    try await Self.withPlace { place in
      let marker = "\(getpid())\(Int.random(in: 10000...99999))"
      var sealed = Command.caisson(home: place.home, directory: place.workspace)
      sealed.arguments = ["run", "--quiet", "--", "sh", "-c", "echo up; sleep \(marker)"]
      try await sealed.run { pid, lines in
        for try await line in lines where line.hasPrefix("up") {
          let path = "/proc/\(pid)/task/\(pid)/children"
          let children = try String(contentsOfFile: path, encoding: .utf8)
          let launcher = children.split(separator: " ").first.flatMap { Int32($0) }
          kill(pid, SIGSTOP)
          defer { kill(pid, SIGCONT) }
          kill(try #require(launcher), SIGKILL)
          while try await !Command.named("pgrep", "-f", "^sleep \(marker)").run().output.isEmpty {}
          break
        }
      }
    }
  }

  @Test func `passes arguments and environment on byte by byte`() async throws {
    try await Self.withPlace { place in
      var outer = Command.named(
        "sh",
        "-c",
        """
        LANG=$(printf 'x\\351') exec "$0" run --quiet -- sh -c \
          'printf %s "$1$LANG" | od -An -tx1' sh "$(printf 'a\\377')"
        """,
        Command.binary("caisson").string,
        directory: place.workspace
      )
      outer.environment = ["CAISSON_HOME": place.home.string]
      let result = try await outer.run()
      #expect(result.output == " 61 ff 78 e9\n", "\(result.error)")
    }
  }

  @Test func `sees a workspace that lies in /var/tmp`() async throws {
    let path = "/var/tmp/caisson-\(getpid())-\(Int.random(in: 0...Int.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await Self.withPlace { place in
      var sealed = Command.caisson(home: place.home, directory: FilePath(path))
      sealed.arguments = ["run", "--quiet", "--", "pwd"]
      let result = try await sealed.run()
      #expect(result.output == path + "\n", "\(result.error)")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs uid 0 to become another user"))
  func `works as an ordinary user`() async throws {
    try await Self.withPlace { place in
      let parent = place.workspace.removingLastComponent()
      for path in [parent, place.workspace] {
        chmod(path.string, 0o755)
        chown(path.string, 65534, 65534)
      }
      var outer = Command.named(
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        Command.binary("caisson").string,
        "run",
        "--quiet",
        "--",
        "sh",
        "-c",
        "id -u; echo x > made.txt; cat made.txt; touch /usr/x 2>/dev/null || echo refused",
        directory: place.workspace
      )
      outer.environment = ["CAISSON_HOME": place.home.string, "HOME": parent.string]
      let result = try await outer.run()
      #expect(result.output == "65534\nx\nrefused\n", "\(result.error)")
      #expect(!place.exists("made.txt"))
    }
  }

  @Test func `keeps a layer only where the run changed something`() async throws {
    try await Self.withPlace { place in
      let runs = place.home.appending("runs")
      for (script, kept) in [("true", []), ("touch new", ["upper", "work"])] {
        let result = try await place.sh(script)
        #expect(result.error == "")
        let files = FileManager.default
        let run = try #require(try files.contentsOfDirectory(atPath: runs.string).first)
        let names = try files.contentsOfDirectory(atPath: runs.appending(run).string)
        #expect(names.sorted() == (["policy.yaml"] + kept + ["workspace.json"]).sorted())
        // The kernel's mark of a volatile mount has mode 000, which an ordinary user must lift first.
        for mark in ["work/work", "work/work/incompat", "work/work/incompat/volatile"] {
          _ = chmod(runs.appending(run).appending(mark).string, 0o700)
        }
        try files.removeItem(atPath: runs.string)
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs uid 0 to mount a small tmpfs"))
  func `starts nothing on a full disk, and leaves nothing there`() async throws {
    try await Self.withPlace { place in
      try FileManager.default.createDirectory(
        atPath: place.home.string,
        withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700]
      )
      let mount = ["mount", "-t", "tmpfs", "-o", "size=300k,mode=0700", "none", place.home.string]
      var command = Command.named("env")
      command.arguments = mount
      let mounted = try await command.run()
      try #require(mounted.status == .exited(0), "\(mounted.error)")
      let filled = try await place.sh("head -c 2000000 /dev/zero > big; true")
      let refused = try await place.sh("echo ran")
      let runs = try FileManager.default.contentsOfDirectory(
        atPath: place.home.appending("runs").string
      )
      let listed = try await Command.caisson("runs", home: place.home).run()
      _ = try await Command.named("umount", place.home.string).run()
      #expect(filled.status == .exited(125))
      #expect(filled.error.contains("the disk is full"))
      #expect(refused.status == .exited(125))
      #expect(!refused.output.contains("ran"))
      #expect(refused.error.contains("CAISSON_HOME"), "\(refused.error)")
      #expect(runs.count == 1)
      #expect(listed.output.contains("head -c"), "\(listed.error)")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs uid 0 to mount an overlay for the state"))
  func `gives an ordinary user a private copy where an overlay is refused`() async throws {
    try await Self.withPlace { place in
      let parent = place.workspace.removingLastComponent()
      for name in ["lower", "upper", "work", "merged"] {
        try FileManager.default.createDirectory(
          atPath: parent.appending(name).string,
          withIntermediateDirectories: false
        )
      }
      let options = "lowerdir=\(parent)/lower,upperdir=\(parent)/upper,workdir=\(parent)/work"
      let merged = parent.appending("merged")
      let mounted = try await Command.named(
        "mount",
        "-t",
        "overlay",
        "-o",
        options,
        "overlay",
        merged.string
      ).run()
      try #require(mounted.status == .exited(0), "\(mounted.error)")
      chmod(parent.string, 0o755)
      for path in [merged, place.workspace, place.workspace.appending("present.txt")] {
        chown(path.string, 65534, 65534)
      }
      let result: Command.Result
      let diff: Command.Result
      do {
        func asNobody(_ arguments: [String]) async throws -> Command.Result {
          var outer = Command.named("setpriv", directory: place.workspace)
          outer.arguments += ["--reuid=65534", "--regid=65534", "--clear-groups"]
          outer.arguments += [Command.binary("caisson").string] + arguments
          outer.environment = [
            "CAISSON_HOME": merged.appending("home").string, "HOME": parent.string,
          ]
          return try await outer.run()
        }
        result = try await asNobody(["run", "--", "sh", "-c", "echo after > present.txt; cat *"])
        diff = try await asNobody(["diff", "last"])
      }
      _ = try await Command.named("umount", merged.string).run()
      #expect(result.output == "after\n", "\(result.error)")
      #expect(result.error.contains("private copy"))
      #expect(diff.output.contains("-before\n+after\n"), "\(diff.output) \(diff.error)")
    }
  }

  @Test func `works on the directory itself where told so`() async throws {
    try await Self.withPlace { place in
      let result = try await place.sh(
        "echo direct > direct.txt",
        options: ["--quiet", "--workspace", "direct"]
      )
      #expect(result.status == .exited(0))
      #expect(place.exists("direct.txt"))
    }
  }

  @Test func `records the run and each refused system call`() async throws {
    try await Self.withPlace { place in
      _ = try await place.run(
        [],
        "python3",
        "-c",
        "import ctypes; ctypes.CDLL(None).syscall(425, 1, 0); ctypes.CDLL(None).syscall(101, 0)"
      )
      let audit = try await Command.caisson("audit", "last", home: place.home).run()
      #expect(audit.output.contains("denied io_uring_setup"))
      #expect(audit.output.contains("denied ptrace"))
      #expect(audit.output.contains("ended with status 0"))
    }
  }
}
