import Foundation
import SystemPackage
import Testing

/// `caisson policy` as a person meets it.
struct PolicyCommandTests {
  private func write(_ text: String, to path: FilePath) throws {
    try Data(text.utf8).write(to: URL(filePath: path.string))
  }

  @Test func `a good policy is called well-formed, and what is not enforced is noted`()
    async throws
  {
    try await withTemporaryDirectory { home in
      let file = home.appending("p.yaml")
      try write("version: 1\napprovals: [{ when: push }]\n", to: file)
      let result = try await Command.caisson("policy", "check", file.string, home: home).run()
      #expect(result.status == .exited(0))
      #expect(result.output.hasPrefix("\(file): well-formed\nnote: approvals are"))
    }
  }

  @Test func `a bad policy is refused with every problem in its place`() async throws {
    try await withTemporaryDirectory { home in
      let file = home.appending("p.yaml")
      try write("version: 1\nfilesytem: {}\nlimits: { wall: 5 }\n", to: file)
      let result = try await Command.caisson("policy", "check", file.string, home: home).run()
      #expect(result.status == .exited(126))
      #expect(result.error.contains("\(file):2:1: filesytem: unknown key; did you mean"))
      #expect(result.error.contains("\(file):3:17: limits.wall: the duration has no unit"))
      let json = try await Command.caisson("policy", "check", "--json", file.string, home: home)
        .run()
      #expect(json.status == .exited(126))
      #expect(json.output.contains("\"line\":3"))
    }
  }

  @Test func `a policy that is not there is a failure, not a verdict`() async throws {
    try await withTemporaryDirectory { home in
      let result = try await Command.caisson("policy", "check", "nowhere.yaml", home: home).run()
      #expect(result.status == .exited(125))
      #expect(result.error.contains("neither a file that can be read nor a profile"))
    }
  }

  @Test func `a hook is explained as held at apply`() async throws {
    try await withTemporaryDirectory { place in
      let home = place.appending("home")
      let repository = place.appending("repo")
      try FileManager.default.createDirectory(
        atPath: repository.string,
        withIntermediateDirectories: true
      )
      let result = try await Command.caisson(
        "policy",
        "explain",
        "default",
        "--path",
        ".git/hooks/x",
        "--write",
        "--in",
        repository.string,
        home: home
      ).run()
      #expect(
        result.output.hasSuffix(
          ".git/hooks/x: held back at apply by the built-in rule 'start-up files'; "
            + "to allow: filesystem.write: [$WORKSPACE, /tmp, $WORKSPACE/.git/hooks]\n"
        )
      )
    }
  }

  @Test func `a run with a policy that grants what is not enforced is refused`() async throws {
    try await withTemporaryDirectory { place in
      let home = place.appending("home")
      let file = place.appending("p.yaml")
      try write("version: 1\napprovals: [{ when: push }]\n", to: file)
      let workspace = place.appending("work")
      try FileManager.default.createDirectory(
        atPath: workspace.string,
        withIntermediateDirectories: true
      )
      let result = try await Command.caisson(
        "run",
        "--policy",
        file.string,
        "--in",
        workspace.string,
        "--",
        "true",
        home: home
      ).run()
      #expect(result.status == .exited(126))
      #expect(result.error.contains("approvals are kept in assignments alone"))
    }
  }
}
