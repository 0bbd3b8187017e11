import Foundation
import SystemPackage
import Testing

@testable import Journal

/// `caisson policy import`, `diff` and `explain --request` as a person meets them.
struct PolicyNetworkCommandTests {
  private func write(_ text: String, to path: FilePath) throws {
    try Data(text.utf8).write(to: URL(filePath: path.string))
  }

  @Test func `what import prints is a policy, with its differences above it`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("settings.json")
      try write(
        #"{"network": {"allowedDomains": ["*.example.com"]}, "filesystem": {"allowWrite": ["."]}}"#,
        to: file
      )
      let result = try await Command.caisson("policy", "import", file.string, home: home).run()
      #expect(result.status == .exited(0))
      #expect(result.output.contains("# - '*.example.com' means one label here"))
      let policy = home.appending("p.yaml")
      try write(result.output, to: policy)
      let check = try await Command.caisson("policy", "check", policy.string, home: home).run()
      #expect(check.status == .exited(0))
      #expect(check.output == "\(policy): well-formed\n")
    }
  }

  @Test func `a file whose denials cannot be kept is refused in its place`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("settings.json")
      try write("{\"filesystem\": {\"denyRead\": [\"**/x\"]}}", to: file)
      let result = try await Command.caisson("policy", "import", file.string, home: home).run()
      #expect(result.status == .exited(126))
      #expect(result.output.isEmpty)
      #expect(result.error.contains("\(file):1:29: filesystem.denyRead: the pattern '**/x'"))
    }
  }

  @Test func `diff tells what the second policy allows beyond the first`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("p.yaml")
      try write(
        "version: 1\nnetwork: [{ host: a.example.com, rules: [{ allow: \"GET /**\" }] }]\n",
        to: file
      )
      let diff = Command.caisson("policy", "diff", "default", file.string, home: home)
      let result = try await diff.run()
      #expect(result.status == .exited(1))
      #expect(result.output.contains("  It may ask GET /** of a.example.com.\n"))
      let same = try await Command.caisson("policy", "diff", "python", "python", home: home).run()
      #expect(same.status == .exited(0))
      #expect(same.output == "the two allow the same\n")
      let json = try await Command.caisson(
        "policy",
        "diff",
        "--json",
        "python",
        "python",
        home: home
      ).run()
      #expect(json.output == "{\"less\":[],\"more\":[]}\n")
    }
  }

  @Test func `a request is explained before it is made`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("p.yaml")
      try write(
        "version: 1\nnetwork: [{ host: a.example.com, rules: [{ deny: \"* /x\" }] }]\n",
        to: file
      )
      let result = try await Command.caisson(
        "policy",
        "explain",
        file.string,
        "--request",
        "GET https://a.example.com/x",
        "--in",
        home.string,
        home: home.appending("state")
      ).run()
      #expect(result.status == .exited(0))
      #expect(result.output.contains("denied by network: host a.example.com (line 2) { deny:"))
    }
  }

  @Test func `learn shows the lines that would have let a run pass`() async throws {
    try await withTemporaryDirectory { home in
      let run = "3abcdefghijk"
      let journal = try Journal.open(directory: home)
      try journal.append(.runStarted(RunStarted.sample(["curl"])), run: run)
      for (kind, port, method) in [("name", UInt16(53), nil), ("request", 443, "GET")] {
        try journal.append(
          .network(
            NetworkEvent(
              kind: kind,
              verdict: .denied,
              host: "api.example.com",
              port: port,
              transport: "https",
              method: method,
              path: method.map { _ in "/v1/items" },
              rule: "the built-in rule 'default deny'",
              count: 1
            )
          ),
          run: run
        )
      }
      journal.close()
      let place = home.appending("runs").appending(run)
      try FileManager.default.createDirectory(
        atPath: place.string,
        withIntermediateDirectories: true
      )
      try write("version: 1\n", to: place.appending("policy.yaml"))
      let line = #"{ host: api.example.com, ports: [443], rules: [{ allow: "GET /v1/items" }] }"#
      let shown = try await Command.caisson("policy", "learn", "last", home: home).run()
      #expect(shown.status == .exited(0), "\(shown.error)")
      #expect(shown.output == "network:\n+  - \(line)\n")
      let file = home.appending("learnt.yaml")
      let learn = Command.caisson("policy", "learn", run, "--write", file.string, home: home)
      #expect(try await learn.run().status == .exited(0))
      #expect(try String(contentsOfFile: file.string, encoding: .utf8).contains(line))
      let again = try await learn.run()
      #expect(again.status == .exited(125))
      #expect(again.error.contains("is there already"))
    }
  }
}
