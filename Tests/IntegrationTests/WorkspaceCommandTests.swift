import Foundation
import SystemPackage
import Testing

/// `diff`, `apply`, `undo` and `discard` through the command line, on runs made with `run`.
@Suite struct WorkspaceCommandTests {
  private func caisson(_ place: RunTests.Place, _ arguments: String...) async throws
    -> Command.Result
  {
    var command = Command.caisson(home: place.home)
    command.arguments = arguments
    return try await command.run()
  }

  @Test func `a run that nobody names is the newest of the directory whose changes wait`()
    async throws
  {
    try await RunTests.withPlace { place in
      func here(_ arguments: String...) async throws -> Command.Result {
        var command = Command.caisson(home: place.home, directory: place.workspace)
        command.arguments = arguments
        return try await command.run()
      }
      let none = try await here("apply")
      #expect(none.status == .exited(125))
      #expect(none.error.contains("no run of this directory holds changes"))
      _ = try await place.sh("echo one > one.txt")
      _ = try await place.sh("echo two > two.txt")
      _ = try await place.sh("true")
      #expect(try await here("diff").output.contains("+two\n"))
      #expect(try await here("apply").status == .exited(0))
      #expect(place.exists("two.txt") && !place.exists("one.txt"))
      #expect(try await here("apply").status == .exited(0))
      #expect(place.exists("one.txt"))
      // Elsewhere there is none.
      let elsewhere = try await caisson(place, "apply")
      #expect(elsewhere.status == .exited(125))
    }
  }

  @Test func `shows, applies, undoes and discards what a run changed`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.sh("echo after > present.txt; echo new > new.txt")
      let diff = try await caisson(place, "diff", "last")
      #expect(diff.status == .exited(0))
      #expect(diff.output.contains("-before\n+after\n"))
      #expect(diff.output.contains("--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n"))
      #expect(try await caisson(place, "apply", "last").status == .exited(0))
      #expect(place.exists("new.txt"))
      #expect(try await caisson(place, "diff", "last").output == "")
      #expect(try await caisson(place, "undo", "last").status == .exited(0))
      #expect(!place.exists("new.txt"))
      let names = try await caisson(place, "diff", "last", "--name-only")
      #expect(names.output == "new.txt\npresent.txt\n")
      #expect(try await caisson(place, "discard", "last").status == .exited(0))
      let gone = try await caisson(place, "diff", "last")
      #expect(gone.status == .exited(125))
      #expect(gone.error.contains("were discarded"))
      let audit = try await caisson(place, "audit", "last", "--json")
      for kind in ["apply-started", "apply-finished", "undo-started", "undo-finished", "discarded"]
      {
        #expect(audit.output.contains(kind))
      }
    }
  }

  @Test func `applies what was seen and nothing else`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.sh("echo after > present.txt")
      let refused = try await caisson(place, "apply", "last", "--expect", "0123")
      #expect(refused.status == .exited(125))
      #expect(refused.error.contains("not the ones that were seen: expected 0123, found "))
      struct Seen: Decodable {
        struct Change: Decodable {
          var path: String
          var change: String
          var added: Int
        }
        var digest: String
        var changes: [Change]
      }
      let output = try await caisson(place, "diff", "last", "--json").output
      let seen = try JSONDecoder().decode(Seen.self, from: Data(output.utf8))
      #expect(seen.changes.map(\.path) == ["present.txt"])
      let applied = try await caisson(place, "apply", "last", "--expect", seen.digest)
      #expect(applied.status == .exited(0), "\(applied.error)")
    }
  }

  @Test func `names what changed meanwhile, and applies nothing`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.sh("echo after > present.txt; echo other > other.txt")
      try place.write("present.txt", "mine\n")
      let result = try await caisson(place, "apply", "last")
      #expect(result.status == .exited(125))
      #expect(
        result.error.contains("present.txt: changed in the workspace since the run began")
      )
      #expect(!place.exists("other.txt"))
      #expect(try await caisson(place, "apply", "last", "other.txt").status == .exited(0))
      #expect(place.exists("other.txt"))
    }
  }

  @Test func `start-up files wait for consent`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.sh("echo evil > .bashrc; echo evil > .envrc")
      let held = try await caisson(place, "apply", "last")
      #expect(held.status == .exited(126))
      #expect(held.error.contains("left: .bashrc: held back by"))
      #expect(!place.exists(".bashrc") && !place.exists(".envrc"))
      let accepted = try await caisson(place, "apply", "last", "--accept", ".bashrc")
      #expect(accepted.status == .exited(0), "\(accepted.error)")
      #expect(place.exists(".bashrc") && !place.exists(".envrc"))
    }
  }

  @Test func `names cannot steer the terminal`() async throws {
    try await RunTests.withPlace { place in
      _ = try await place.sh(#"touch "$(printf 'a\033[2Jb\nc')""#)
      for format in ["--stat", "--name-only", "--json"] {
        let result = try await caisson(place, "diff", "last", format)
        #expect(!result.output.contains("\u{1B}"))
      }
      let quoted = #""a\033[2Jb\nc""#
      #expect(try await caisson(place, "diff", "last", "--name-only").output == quoted + "\n")
      #expect(try await caisson(place, "apply", "last", quoted).status == .exited(0))
    }
  }
}
