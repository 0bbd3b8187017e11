import Foundation
import Subprocess
import SystemPackage
import Testing

import class GRDB.DatabaseQueue

@testable import Journal

@Suite struct AuditTests {
  @Test(arguments: [
    (
      "UPDATE entry SET payload = replace(payload, 'call', 'cull') WHERE sequence = 5",
      "row 5 was edited"
    ),
    ("DELETE FROM entry WHERE sequence = 5", "row 5 was deleted"),
    (
      """
      UPDATE entry SET sequence = 99 WHERE sequence = 5;
      UPDATE entry SET sequence = 5 WHERE sequence = 6;
      UPDATE entry SET sequence = 6 WHERE sequence = 99
      """, "row 5 was swapped"
    ),
    ("DELETE FROM entry WHERE sequence > 7", "truncated: rows 8 to 10 are gone"),
  ])
  func `verify names what was done to a row, and exits with 1`(
    statements: String,
    finding: String
  ) async throws {
    try await withTemporaryDirectory { home in
      try record(in: home)
      let before = try await Command.caisson("audit", "--verify", home: home).run()
      #expect(before.status == .exited(0))
      #expect(before.output.hasPrefix("intact: 10 rows, head "))

      let queue = try DatabaseQueue(path: home.appending("journal.sqlite").string)
      try queue.inDatabase { try $0.execute(sql: statements) }
      try queue.close()

      let after = try await Command.caisson("audit", "--verify", home: home).run()
      #expect(after.status == .exited(1))
      #expect(after.output.hasPrefix("broken: "))
      #expect(after.output.contains(finding))
      let json = try await Command.caisson("audit", "--verify", "--json", home: home).run()
      #expect(json.status == .exited(1))
      #expect(json.output.contains(#""intact":false"#))
    }
  }

  @Test func `audit shows a run's rows and nothing that a terminal would obey`() async throws {
    try await withTemporaryDirectory { home in
      let journal = try Journal.open(directory: home)
      try journal.append(.runStarted(.sample(["printf", "\u{1B}[2J\u{202E}"])), run: "3abc")
      try journal.append(.runEnded(RunEnded(exit: 0, seconds: 0.25)), run: "3abc")
      try journal.append(.runStarted(.sample(["true"])), run: "3xyz")
      journal.close()

      let rows = try await Command.caisson("audit", "3a", home: home).run()
      #expect(rows.status == .exited(0))
      let lines = rows.output.split(separator: "\n")
      try #require(lines.count == 2)
      #expect(lines[0].contains(#"started printf '\u{1b}[2J\u{202e}'"#))
      #expect(lines[1].hasSuffix("ended with status 0 after 250 ms, CPU 0 ms"))

      let json = try await Command.caisson("audit", "3a", "--json", home: home).run()
      #expect(!json.output.unicodeScalars.contains("\u{1B}"))
      #expect(!json.output.unicodeScalars.contains("\u{202E}"))
      for line in json.output.split(separator: "\n") {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        #expect(object?["run"] as? String == "3abc")
      }
      let last = try await Command.caisson("audit", "last", home: home).run()
      #expect(last.output.contains("started true"))
    }
  }

  @Test(.timeLimit(.minutes(4)))
  func `following prints rows as they are written`() async throws {
    try await withTemporaryDirectory { home in
      let journal = try Journal.open(directory: home)
      try journal.append(.denial(.sample(1)), run: "a")
      try await Command.caisson("audit", "--follow", home: home).run { _, lines in
        var lines = lines.makeAsyncIterator()
        #expect(try await lines.next()?.contains("call1") == true)
        for number in 2...4 {
          try journal.append(.denial(.sample(number)), run: "a")
          #expect(try await lines.next()?.contains("call\(number)") == true)
        }
      }
    }
  }

  @Test func `runs lists the newest first and notices a dead supervisor`() async throws {
    try await withTemporaryDirectory { home in
      let journal = try Journal.open(directory: home)
      try journal.append(.runStarted(.sample(["sh", "-c", "echo hi"])), run: "3abc")
      try journal.append(
        .runEnded(
          RunEnded(
            exit: 3,
            seconds: 1.25,
            changes: ChangeCounts(added: 1, modified: 0, deleted: 2)
          )
        ),
        run: "3abc"
      )
      var lost = RunStarted.sample(["sleep", "9"])
      lost.pidStart = 1
      try journal.append(.runStarted(lost), run: "3xyz")

      let result = try await Command.caisson("runs", home: home).run()
      #expect(result.status == .exited(0))
      let lines = result.output.split(separator: "\n")
      try #require(lines.count == 3)
      #expect(lines[1].hasPrefix("3xyz"))
      #expect(lines[1].contains("lost"))
      #expect(lines[2].contains("held"))
      #expect(lines[2].contains("+1 -2"))
      #expect(lines[2].hasSuffix("sh -c 'echo hi'"))
      guard case .abandoned = try journal.run("3xyz")?.state else {
        Issue.record("the end of the lost run was not written")
        return
      }

      let json = try await Command.caisson("runs", "--json", "--limit", "1", home: home).run()
      let array = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
      #expect(array?.count == 1)
      #expect(array?.first?["state"] as? String == "lost")
    }
  }

  @Test func `before the first run there is nothing, and nothing is made`() async throws {
    try await withTemporaryDirectory { directory in
      let home = directory.appending("state")
      for arguments in [["runs"], ["audit"], ["audit", "--verify"]] {
        var command = Command.caisson(home: home)
        command.arguments = arguments
        #expect(try await command.run().status == .exited(0))
      }
      let unknown = try await Command.caisson("audit", "last", home: home).run()
      #expect(unknown.status == .exited(64))
      #expect(!FileManager.default.fileExists(atPath: home.string))
    }
  }
}

/// Ten rows of a run.
private func record(in home: FilePath) throws {
  let journal = try Journal.open(directory: home)
  try journal.append(.runStarted(.sample(["true"])), run: "3abc")
  for number in 2...10 { try journal.append(.denial(.sample(number)), run: "3abc") }
  journal.close()
}

extension Denial {
  fileprivate static func sample(_ number: Int) -> Denial {
    Denial(layer: .seccomp, what: "call\(number)", rule: "system calls")
  }
}

extension RunStarted {
  /// A start as this very process would write it.
  static func sample(_ command: [String]) -> RunStarted {
    RunStarted(
      command: command,
      directory: "/w",
      workspace: "/w",
      workspaceMode: "overlay",
      policyName: "default",
      policyHash: "ab",
      uid: 7,
      pid: getpid(),
      pidStart: 0,
      host: ProcessInfo.processInfo.hostName,
      version: "0"
    )
  }
}
