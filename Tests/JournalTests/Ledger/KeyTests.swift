import Foundation
import SystemPackage
import Testing

@testable import Journal

@Suite struct KeyTests {
  @Test func `a key is known by its hash alone`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let secret = try ledger.addKey(
        VirtualKey.Terms(name: "ci", account: "key:ci", models: ["cheap"], requestsPerMinute: 60),
        account: Account(id: "key:ci", limit: dollar, period: .day)
      )
      #expect(secret.text.wholeMatch(of: /sk-caisson-[0-9A-Za-z]{43}/) != nil)
      let shown = try #require(KeySecret(secret.text))
      let key = try #require(try ledger.key(shown))
      #expect(key.name == "ci" && key.models == ["cheap"] && key.requestsPerMinute == 60)
      #expect(secret.text.contains(key.prefix) && key.prefix.count == 8)
      #expect(try ledger.key(KeySecret()) == nil)
      #expect(try ledger.accounts().map(\.account.id) == ["key:ci"])
      ledger.close()
      for name in ["journal.sqlite", "journal.sqlite-wal"] {
        let path = fixture.directory.appending(name).string
        guard let bytes = FileManager.default.contents(atPath: path) else { continue }
        #expect(bytes.range(of: Data(secret.text.dropFirst(20).utf8)) == nil, "\(name)")
      }
    }
  }

  @Test func `a revoked key opens nothing, and its name is free`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let first = try ledger.addKey(VirtualKey.Terms(name: "ci"))
      #expect(throws: LedgerError.nameTaken("ci")) {
        try ledger.addKey(VirtualKey.Terms(name: "ci"))
      }
      try ledger.revokeKey(named: "ci")
      #expect(try ledger.key(first) == nil)
      #expect(throws: LedgerError.unknownKey("ci")) { try ledger.revokeKey(named: "ci") }
      let second = try ledger.addKey(VirtualKey.Terms(name: "ci"))
      #expect(try ledger.key(second)?.models == nil)
      #expect(try ledger.keys().count == 1)
      #expect(try ledger.keys(includingRevoked: true).count == 2)
    }
  }

  @Test func `a key without an account that is there is not made`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      #expect(throws: LedgerError.unknownAccount("team")) {
        try ledger.addKey(VirtualKey.Terms(name: "ci", account: "team"))
      }
      #expect(throws: LedgerError.unknownAccount("team")) {
        try ledger.addKey(
          VirtualKey.Terms(name: "ci", account: "key:ci"),
          account: Account(id: "key:ci", parent: "team")
        )
      }
      #expect(try ledger.keys() == [])
      #expect(try ledger.accounts() == [])
    }
  }

  @Test(arguments: ["", "sk-caisson-", "sk-caisson-" + String(repeating: "é", count: 43), "sk-1"])
  func `what cannot be a key is none`(text: String) {
    #expect(KeySecret(text) == nil)
  }
}
