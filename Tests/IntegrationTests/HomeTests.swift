import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import Journal

/// Where the command looks for its state. Seen from outside: whose run it lists.
@Suite struct HomeTests {
  @Test(
    arguments: [
      (["XDG_STATE_HOME": "T/state", "HOME": "T/home"], "state/caisson"),
      (["XDG_STATE_HOME": "", "HOME": "T/home"], "home/.local/state/caisson"),
      (["XDG_STATE_HOME": "relative", "HOME": "T/home"], "home/.local/state/caisson"),
      (["XDG_STATE_HOME": nil, "HOME": "T/home"], "home/.local/state/caisson"),
      (["CAISSON_HOME": "T/own", "XDG_STATE_HOME": "T/state"], "own"),
    ] as [([String: String?], String)]
  )
  func `state is found by the XDG rules`(names: [String: String?], place: String) async throws {
    try await withTemporaryDirectory { root in
      let state = root.pushing(FilePath(place))
      try makeDirectory(state, mode: 0o700)
      try Journal.open(directory: state).append(.runStarted(.minimal), run: "3abc")
      var command = Command(executable: Command.binary("caisson"), arguments: ["runs"])
      command.environment = names.mapValues { $0?.replacing("T/", with: "\(root)/") }
      if names["CAISSON_HOME"] == nil { command.environment["CAISSON_HOME"] = .some(nil) }
      let result = try await command.run()
      #expect(result.status == .exited(0))
      #expect(result.output.contains("3abc"))
    }
  }

  @Test func `a relative CAISSON_HOME is refused`() async throws {
    let result = try await Command.caisson("runs", home: "relative").run()
    #expect(result.status == .exited(125))
    #expect(result.error.contains("not an absolute path"))
  }

  @Test(arguments: [0o770, 0o707, 0o777])
  func `a state directory that others may write is refused`(mode: Int) async throws {
    try await withTemporaryDirectory { root in
      let home = root.appending("state")
      try makeDirectory(home, mode: mode)
      let result = try await Command.caisson("audit", home: home).run()
      #expect(result.status == .exited(125))
      #expect(result.error.contains("chmod go-w \(home)"))
    }
  }

  @Test(.enabled(if: geteuid() == 0, "giving a directory to someone else needs root"))
  func `a state directory of someone else is refused`() async throws {
    try await withTemporaryDirectory { root in
      let home = root.appending("state")
      try makeDirectory(home, mode: 0o700)
      #expect(chown(home.string, 65_534, 65_534) == 0)
      let result = try await Command.caisson("runs", home: home).run()
      #expect(result.status == .exited(125))
      #expect(result.error.contains("belongs to user 65534"))
    }
  }

  @Test(.timeLimit(.minutes(4)))
  func `a state directory is made for its owner alone`() async throws {
    try await withTemporaryDirectory { root in
      let home = root.appending("a").appending("b")
      // Following makes the directory, since it waits for what will be recorded there.
      try await Command.caisson("audit", "--follow", home: home).run { _, lines in
        while access(home.appending("journal.sqlite-wal").string, F_OK) != 0 {
          try await Task.sleep(for: .milliseconds(5))
        }
        try Journal.open(directory: home).append(.runStarted(.minimal), run: "3abc")
        for try await line in lines where line.contains("3abc") { return }
      }
      for path in [home, home.removingLastComponent()] {
        let attributes = try FileManager.default.attributesOfItem(atPath: path.string)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
      }
    }
  }

  private func makeDirectory(_ path: FilePath, mode: Int) throws {
    try FileManager.default.createDirectory(
      atPath: path.string,
      withIntermediateDirectories: true,
      attributes: nil
    )
    // Whatever the umask says.
    #expect(chmod(path.string, mode_t(mode)) == 0)
  }
}

extension RunStarted {
  fileprivate static var minimal: RunStarted {
    RunStarted(
      command: ["true"],
      directory: "/w",
      workspace: "/w",
      workspaceMode: "none",
      policyName: "default",
      policyHash: "",
      uid: 7,
      pid: 1,
      pidStart: 0,
      host: "elsewhere",
      version: "0"
    )
  }
}
