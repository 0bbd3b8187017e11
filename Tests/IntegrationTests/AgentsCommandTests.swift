import Foundation
import SystemPackage
import Testing

/// `caisson agents` as a person meets it.
struct AgentsCommandTests {
  @Test func `shipped agents are listed, one's own wins, and what is wrong with it is said`()
    async throws
  {
    try await withTemporaryDirectory { home in
      let listed = try await Command.caisson("agents", home: home).run()
      #expect(listed.status == .exited(0), "\(listed.error)")
      #expect(
        listed.output
          == "caisson: our own\naider: aider, aider (as shipped)\n"
          + "hermes-agent: sh, hermes-agent (as shipped)\n"
          + "mini-swe-agent: mini, mini-swe-agent (as shipped)\n"
      )
      let agents = home.appending("config/agents")
      try FileManager.default.createDirectory(
        atPath: agents.string,
        withIntermediateDirectories: true
      )
      let own = "version: 1\nname: aider\ncomand: [aider]\n"
      try Data(own.utf8).write(to: URL(filePath: agents.appending("aider.yaml").string))
      let wrong = try await Command.caisson("agents", home: home).run()
      #expect(wrong.status == .exited(1))
      #expect(
        wrong.output.contains(
          "\(agents)/aider.yaml:3:1: comand: unknown key; did you mean 'command'?"
        ),
        "\(wrong.output)"
      )
      let shown = try await Command.caisson("agents", "--show", "aider", home: home).run()
      #expect(shown.output == own)
      let missing = try await Command.caisson("agents", "--show", "nobody", home: home).run()
      #expect(missing.status == .exited(1))
      #expect(
        missing.error.contains("use caisson, aider, hermes-agent, mini-swe-agent"),
        "\(missing.error)"
      )
    }
  }
}
