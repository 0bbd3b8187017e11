import Foundation
import Testing

@Suite(.enabled(if: House.isCheckout, "this is no git checkout, so nothing is tracked"))
struct TidinessTests {
  @Test func `no tracked file names a path of somebody's machine`() async throws {
    // Written in pieces, or this file would find itself. Root's home is the same everywhere, and
    // what is kept in it may be named; people of examples live in /home, nobody else does.
    let people = "(?!(ann|bob|caisson|someone|user)\\b)[a-z][a-z0-9_-]*"
    let places = [
      "work/", "root/[^.]", "opt/swift-packages/", "home/\(people)/", "Users/[A-Za-z]+/",
    ]
    let pattern = try Regex("(^|[^A-Za-z0-9_.~$}/-])/(\(places.joined(separator: "|")))")
    for path in try await House.trackedFiles() {
      // Programs and pictures are not text.
      guard let text = try? House.text(path) else { continue }
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      where line.contains("/") && line.firstMatch(of: pattern) != nil {
        Issue.record("\(path):\(number + 1) names a path of one machine: \(line)")
      }
    }
  }

  @Test func `no source file is longer than 600 lines`() async throws {
    let kinds = [".swift", ".c", ".h", ".sh", ".py"]
    for path in try await House.trackedFiles() where kinds.contains(where: path.hasSuffix) {
      let lines = try House.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count <= 601, "\(path) has \(lines.count - 1) lines")
    }
  }

  @Test func `no build output and no pins are tracked`() async throws {
    for path in try await House.trackedFiles() {
      #expect(!path.hasPrefix(".build"), "\(path)")
      #expect(!path.hasSuffix("Package.resolved"), "\(path)")
    }
  }
}

@Suite struct FrontDoorTests {
  @Test func `the licence is Apache 2`() throws {
    let text = try House.text("LICENSE")
    #expect(text.contains("Apache License"))
    #expect(text.contains("Version 2.0"))
  }

  @Test func `README has a status table that says works or not yet`() throws {
    let lines = try House.text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
    let heading = try #require(lines.firstIndex { $0.hasPrefix("## Status") })
    let rows = lines[heading...].drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.dropFirst(
      2
    )
    #expect(!rows.isEmpty)
    for row in rows {
      #expect(row.contains("works") || row.contains("not yet"), "\(row)")
    }
  }

  @Test(arguments: ["caisson", "test", ".ci/run"])
  func `the commands of the house can be run`(path: String) {
    #expect(FileManager.default.isExecutableFile(atPath: House.root.appending(path: path).path))
  }

  @Test func `CI runs what a person runs`() throws {
    #expect(try House.text(".ci/run").hasSuffix("exec ./test\n"))
  }
}
