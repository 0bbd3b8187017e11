import Foundation
import GRDB
import Testing

@testable import Journal

/// A journal of version 1, which had no ledger.
@Suite struct MigrationTests {
  private static let withoutLedger = """
    DROP TABLE account; DROP TABLE virtual_key; DROP TABLE spending; DROP TABLE epoch;
    DROP TABLE call; DROP TABLE assignment; DROP TABLE step; DROP TABLE approval; DROP TABLE notice;
    DROP TABLE schedule; PRAGMA user_version = 1;
    """

  /// What version 1 wrote: the same chain, without the ledger's tables.
  private func asVersion1(_ fixture: Fixture) throws -> [Int64] {
    let rows = try fixture.fill(5).map(\.sequence)
    try fixture.tamper(Self.withoutLedger)
    return rows
  }

  @Test func `an older journal opens, verifies and goes on`() async throws {
    try await withFixture { fixture in
      let rows = try asVersion1(fixture)
      let journal = try fixture.open()
      #expect(try journal.rows().map(\.sequence) == rows)
      guard case .intact(let head, uncovered: 0) = try journal.verify() else {
        Issue.record("\(try journal.verify())")
        return
      }
      #expect(head.sequence == 5)
      try journal.append(.denial(.sample(6)))
      let ledger = try fixture.ledger()
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample(run: "run1"), in: epoch)
      try await ledger.settle(call, .sample(1))
      #expect(try journal.rows().map(\.sequence) == Array(1...7))
      #expect(try fixture.found() == nil)
      #expect(try ledger.verify() == [])
    }
  }

  @Test func `it has the tables that a new journal has`() async throws {
    func tables(_ journal: Journal) throws -> [String] {
      try journal.read {
        try String.fetchAll(
          $0,
          sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        )
      }
    }
    try await withFixture { old in
      _ = try asVersion1(old)
      try await withFixture { new in
        let carried = try old.open()
        let expected = try tables(new.open())
        #expect(try tables(carried) == expected)
        let version = try carried.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        #expect(version == 3)
      }
    }
  }

  @Test func `several that open an older journal at once find it carried over once`() async throws {
    try await withFixture { fixture in
      let rows = try asVersion1(fixture)
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 { group.addTask { try fixture.open().rows().count } }
        for try await count in group { #expect(count == rows.count) }
      }
    }
  }
}
