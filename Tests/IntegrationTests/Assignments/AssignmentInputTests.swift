import Foundation
import Glibc
import SystemPackage
import Testing

/// What the commands of delegation say to what cannot be.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AssignmentInputTests {
  @Test(
    arguments: [
      (["tasks"], 125, "no daemon is up"), (["show", "last"], 125, "no daemon is up"),
      (["logs", "last"], 125, "no daemon is up"), (["stop", "last"], 125, "no daemon is up"),
      (["up", "--stop"], 125, "no daemon is up"),
      (["show", "../etc"], 64, "there is no assignment"),
      (["assign"], 64, "say what is to be done"),
      (["assign", ""], 64, "say what is to be done"),
      (["assign", "x", "--turns", "0"], 64, "--turns"),
      (["assign", "x", "--budget=-1"], 64, "amount of money"),
      (["assign", "x", "--patience", "soon"], 64, "is not a duration"),
      (["assign", "x", "--at", "yesterday"], 64, "is no moment"),
      (["assign", "x", "--model", "nn"], 64, "has no model"),
      (["assign", "x", "--policy", "no-such"], 125, "no policy"),
      (["assign", "x", "--workspace", "branch"], 126, "branch"),
      (["assign", "x", "--parallel", "2"], 126, "lies in no git repository"),
      (["assign", "x", "--parallel", "17"], 64, "--parallel is 1 to 16"),
      (["assign", "x", "--parallel", "2", "--workspace", "direct"], 64, "--workspace branch"),
      (["assign", "--plan", "/no/such.yaml"], 64, "cannot read the plan"),
      (["assign", "x", "--check"], 64, "--check is for a plan"),
      (["assign", "x", "--in", "/no/such"], 125, "is no directory"),
      (["up", "--listen", "0.0.0.0:1"], 64, "can be reached from other machines"),
      (["up", "--listen", "here"], 64, "is no address"),
      (["up", "--expose"], 64, "--expose belongs to --listen"),
      (["up", "--webhook", "http://example.com/"], 125, "is not https"),
      (["up", "--journal", "postgres://127.0.0.1:1/y?connect_timeout=2"], 125, "127.0.0.1"),
      (["up", "--notify", "x", "--webhook", "https://example.com"], 64, "exclude each other"),
    ] as [([String], Int32, String)]
  )
  func `what cannot be is refused, and nothing is started`(
    arguments: [String],
    status: Int32,
    words: String
  ) async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      var command = Command.caisson(home: place.home, directory: place.workspace)
      command.arguments = arguments
      let result = try await command.run()
      #expect(result.status == .exited(status), "\(result.error)")
      #expect(result.error.contains(words), "\(result.error)")
      let socket = place.home.appending("runtime/daemon.sock").string
      #expect(!FileManager.default.fileExists(atPath: socket))
    }
  }

  @Test func `a rule that the loop does not keep is refused`() async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      try place.write("version: 1\napprovals: [{ when: push }]\n", to: "p.yaml")
      let result = try await place.caisson("assign", "x", "--policy", "p.yaml")
      #expect(result.status == .exited(126), "\(result.error)")
      #expect(result.error.contains("is not enforced yet"))
    }
  }

  @Test func `what is read from standard input is the task`() async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      let given = try await place.caisson("assign", "-", "--detach", input: "line one\nline two")
      #expect(given.status == .exited(0), "\(given.error)")
      let shown = try await place.json("show", "last")
      #expect((shown["assignment"] as? [String: Any])?["text"] as? String == "line one\nline two")
      for (arguments, words) in [
        (["show", "zzzz"], "there is no assignment"), (["approve", "zzzz.1"], "there is no"),
        (["approve", "last.9999"], "there is no question"),
        (["tasks", "--remove-schedule", "zz"], "there is no schedule"),
      ] {
        var command = Command.caisson(home: place.home, directory: place.workspace)
        command.arguments = arguments
        let result = try await command.run()
        #expect(result.status == .exited(64) && result.error.contains(words), "\(result.error)")
      }
    }
  }

  @Test func `a port asks for the token that lies in a file of its owner's`() async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      let up = Command.caisson("up", "--no-gateway", "--listen", "127.0.0.1:0", home: place.home)
      try await up.run { pid, _ in
        try await place.isUp()
        let file = place.home.appending("daemon.token")
        var status = stat()
        #expect(stat(file.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let token = try String(contentsOfFile: file.string, encoding: .utf8)
          .trimmingCharacters(in: .newlines)
        #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil)
        let port = try #require(Self.port(of: pid))
        for (header, status) in [("X: y", "401"), ("Authorization: Bearer \(token)", "200")] {
          let answer = try await Command.named(
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            header,
            "http://127.0.0.1:\(port)/v1/health"
          ).run()
          #expect(answer.output == status)
        }
        _ = try await place.caisson("up", "--stop")
      }
    }
  }

  @Test(arguments: ["overlay", "direct"])
  func `a sealed run reaches the daemon by no way`(mode: String) async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      let up = Command.caisson("up", "--no-gateway", "--listen", "127.0.0.1:0", home: place.home)
      try await up.run { pid, _ in
        try await place.isUp()
        // Unsealed, the same way leads there.
        #expect(try await place.daemon() == pid)
        // The socket is served first.
        var found = Self.port(of: pid)
        for _ in 0..<200 where found == nil {
          try await Task.sleep(for: .milliseconds(50))
          found = Self.port(of: pid)
        }
        let port = try #require(found)
        let around = place.home.removingLastComponent().string
        try place.write(
          """
          version: 1
          workspace: { mode: \(mode) }
          filesystem: { read: [$SYSTEM, "\(around)"] }
          """,
          to: "p.yaml"
        )
        let socket = place.home.appending("runtime/daemon.sock").string
        let run = try await place.caisson(
          "run",
          "--quiet",
          "--policy",
          "p.yaml",
          "--",
          "sh",
          "-c",
          """
          cat \(around)/script.json
          curl -s --unix-socket \(socket) http://daemon/v1/health || echo "socket closed"
          curl -s --max-time 5 http://127.0.0.1:\(port)/v1/health || echo "port closed"
          cat \(place.home)/daemon.token || echo "token hidden"
          """
        )
        #expect(run.output.hasPrefix("[]"), "\(run.error)")
        for words in ["socket closed", "port closed", "token hidden"] {
          #expect(run.output.contains(words), "\(run.output)")
        }
        _ = try await place.caisson("up", "--stop")
      }
    }
  }

  /// The TCP port that a process listens on, by /proc: its own sockets among those of the machine.
  private static func port(of pid: pid_t) -> Int? {
    let files = FileManager.default
    let place = "/proc/\(pid)/fd"
    let own = (try? files.contentsOfDirectory(atPath: place)) ?? []
    let sockets = own.compactMap { try? files.destinationOfSymbolicLink(atPath: "\(place)/\($0)") }
    // Foundation reads a whole file of /proc only as far as the first read goes.
    let bytes = try? FileHandle(forReadingFrom: URL(filePath: "/proc/\(pid)/net/tcp")).readToEnd()
    let table = String(decoding: bytes ?? Data(), as: UTF8.self)
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      // 0A: it listens.
      guard fields.count > 9, fields[3] == "0A", sockets.contains("socket:[\(fields[9])]") else {
        continue
      }
      return Int(fields[1].suffix(4), radix: 16)
    }
    return nil
  }

  @Test func `a unit of systemd is written, with what was said`() async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      var command = Command.caisson(
        "up",
        "--install",
        "--workers",
        "3",
        "--notify",
        "echo \"50% $HOME\"",
        home: place.home,
        directory: place.workspace
      )
      command.environment["XDG_CONFIG_HOME"] = place.workspace.appending("xdg").string
      let result = try await command.run()
      #expect(result.output.contains("systemctl --user enable --now caisson.service"))
      let unit = try #require(place.text("xdg/systemd/user/caisson.service"))
      #expect(unit.contains(#""--workers" "3""#))
      #expect(unit.contains(#""--notify" "echo \"50%% $$HOME\"""#))
      #expect(unit.contains("Environment=\"CAISSON_HOME=\(place.home)\""))
    }
  }
}
