import Foundation
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
      (["assign"], 64, "Missing expected argument"),
      (["assign", ""], 64, "say what is to be done"),
      (["assign", "x", "--turns", "0"], 64, "--turns"),
      (["assign", "x", "--budget=-1"], 64, "amount of money"),
      (["assign", "x", "--patience", "soon"], 64, "is not a duration"),
      (["assign", "x", "--at", "yesterday"], 64, "is no moment"),
      (["assign", "x", "--model", "nn"], 64, "has no model"),
      (["assign", "x", "--policy", "no-such"], 125, "no policy"),
      (["assign", "x", "--workspace", "branch"], 126, "branch"),
      (["assign", "x", "--in", "/no/such"], 125, "is no directory"),
      (["up", "--listen", "0.0.0.0:1"], 64, "can be reached from other machines"),
      (["up", "--listen", "here"], 64, "is no address"),
      (["up", "--expose"], 64, "--expose belongs to --listen"),
      (["up", "--webhook", "http://example.com/"], 125, "is not https"),
      (["up", "--journal", "postgres://x/y"], 125, "not supported yet"),
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

  @Test(arguments: ["push", "spend > 0.50 USD"])
  func `a rule that the loop does not keep is refused`(rule: String) async throws {
    try await AssignmentPlace.with(script: "[]") { place in
      try place.write("version: 1\napprovals: [{ when: \"\(rule)\" }]\n", to: "p.yaml")
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
