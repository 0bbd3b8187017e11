import Foundation
import SystemPackage
import Testing

@testable import Journal

@Suite struct VerifyTests {
  @Test(arguments: [0, 1, 9]) func `an untouched journal is intact`(count: Int) async throws {
    try await withFixture { fixture in
      let rows = count == 0 ? [] : try fixture.fill(count)
      let head = rows.last.map { Head(sequence: $0.sequence, hash: $0.hash) } ?? .genesis
      #expect(try fixture.verify() == .intact(head: head, uncovered: 0))
    }
  }

  @Test(arguments: [
    "time = time + 1", "run = 'other'", "run = NULL", "run = ''", "kind = 'denial2'",
    "payload = replace(payload, 'call', 'cull')", "payload = ''", "payload = payload || ' '",
    "hash = zeroblob(32)", "previous = zeroblob(32)", "kind = kind || 'x', payload = payload",
  ])
  func `an edited row is named`(change: String) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper("UPDATE entry SET \(change) WHERE sequence = 5")
      #expect(try fixture.found() == Break(sequence: 5, cause: .edited))
    }
  }

  @Test(arguments: ["hash = x'00'", "hash = x''", "previous = zeroblob(31)"])
  func `a row of no possible form is named`(change: String) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper("UPDATE entry SET \(change) WHERE sequence = 5")
      #expect(try fixture.found() == Break(sequence: 5, cause: .malformed))
    }
  }

  @Test(arguments: [(1, 1), (5, 1), (4, 3), (8, 1)])
  func `deleted rows are named`(first: Int64, count: Int64) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper(
        "DELETE FROM entry WHERE sequence >= \(first) AND sequence < \(first + count)"
      )
      #expect(try fixture.found() == Break(sequence: first, cause: .deleted(count: count)))
    }
  }

  @Test func `a deletion is found though the rows after it were moved up`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper(
        """
        DELETE FROM entry WHERE sequence = 4;
        UPDATE entry SET sequence = -sequence WHERE sequence > 4;
        UPDATE entry SET sequence = -sequence - 1 WHERE sequence < 0;
        """
      )
      #expect(try fixture.found() == Break(sequence: 4, cause: .deleted(count: 1)))
    }
  }

  @Test(arguments: [(3, 4), (1, 9), (8, 9)])
  func `swapped rows are named`(low: Int64, high: Int64) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper(
        """
        UPDATE entry SET sequence = 1000 WHERE sequence = \(low);
        UPDATE entry SET sequence = \(low) WHERE sequence = \(high);
        UPDATE entry SET sequence = \(high) WHERE sequence = 1000;
        """
      )
      #expect(try fixture.found() == Break(sequence: low, cause: .swapped(with: high)))
    }
  }

  @Test func `swapped contents are named`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper(
        """
        CREATE TEMP TABLE copy AS SELECT * FROM entry WHERE sequence IN (3, 7);
        UPDATE entry SET (time, run, kind, payload) =
          (SELECT time, run, kind, payload FROM copy WHERE copy.sequence = 10 - entry.sequence)
          WHERE sequence IN (3, 7);
        """
      )
      #expect(try fixture.found() == Break(sequence: 3, cause: .swapped(with: 7)))
    }
  }

  @Test(arguments: [9, 6, 1]) func `rows cut off the end are missed`(first: Int64) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper("DELETE FROM entry WHERE sequence >= \(first)")
      #expect(try fixture.found() == Break(sequence: first, cause: .truncated(written: 9)))
    }
  }

  @Test func `a journal that was taken away whole is missed`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: fixture.database.string + suffix)
      }
      #expect(try fixture.found() == Break(sequence: 1, cause: .truncated(written: 9)))
    }
  }

  @Test func `a row written anew with a hash of its own is named`() async throws {
    try await withFixture { fixture in
      let rows = try fixture.fill(9)
      try fixture.rewrite(rows[4], previous: rows[3].hash, payload: "{}")
      #expect(try fixture.found() == Break(sequence: 5, cause: .rewritten))
    }
  }

  @Test func `a last row written anew does not match the head`() async throws {
    try await withFixture { fixture in
      let rows = try fixture.fill(9)
      try fixture.rewrite(rows[8], previous: rows[7].hash, payload: "{}")
      #expect(try fixture.found() == Break(sequence: 9, cause: .rewritten))
    }
  }

  @Test(arguments: [nil, "", "rubbish"])
  func `a head that is gone or unreadable is no excuse`(content: String?) async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try FileManager.default.removeItem(atPath: fixture.head.string)
      try content.map { try Data($0.utf8).write(to: URL(filePath: fixture.head.string)) }
      #expect(try fixture.found() == Break(sequence: 9, cause: .headMissing))
      #expect(throws: JournalError.self) { try fixture.open().append(.denial(.sample(1))) }
    }
  }

  @Test func `rows ahead of the head, as a crash leaves them, are intact`() async throws {
    try await withFixture { fixture in
      try fixture.fill(4)
      let head = try Data(contentsOf: URL(filePath: fixture.head.string))
      let rows = try fixture.fill(3)
      try head.write(to: URL(filePath: fixture.head.string))
      #expect(
        try fixture.verify()
          == .intact(head: Head(sequence: 7, hash: rows[2].hash), uncovered: 3)
      )
      try fixture.fill(1)
      guard case .intact(_, uncovered: 0) = try fixture.verify() else {
        Issue.record("the next row covers them")
        return
      }
    }
  }

  @Test func `nothing is appended that would hide a loss`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper("DELETE FROM entry WHERE sequence > 6")
      let error = #expect(throws: JournalError.self) {
        try fixture.open().append(.denial(.sample(1)))
      }
      #expect(error?.description.contains("ends at row 6, but row 9 had been written") == true)
      #expect(try fixture.found() == Break(sequence: 7, cause: .truncated(written: 9)))
    }
  }

  @Test func `the list of runs is not believed`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper("DELETE FROM run; INSERT INTO run VALUES ('x', 900, 901, 902, 7)")
      #expect(try fixture.found() == nil)
      #expect(try fixture.open().runs() == [])
    }
  }

  @Test func `types that no column allows are survived`() async throws {
    try await withFixture { fixture in
      try fixture.fill(9)
      try fixture.tamper(
        """
        CREATE TABLE other (sequence INTEGER PRIMARY KEY, time, run, kind, payload, previous, hash);
        INSERT INTO other SELECT * FROM entry;
        DROP TABLE entry;
        ALTER TABLE other RENAME TO entry;
        UPDATE entry SET time = 'soon', payload = 7, kind = NULL, hash = 3.5 WHERE sequence = 2;
        """
      )
      #expect(try fixture.found() == Break(sequence: 2, cause: .malformed))
      #expect(throws: JournalError.self) { try fixture.open().rows() }
    }
  }
}

extension Fixture {
  /// Replaces a row's payload and computes its hash as Caisson would.
  fileprivate func rewrite(_ row: Row, previous: ChainHash, payload: String) throws {
    let hash = ChainHash(
      sequence: row.sequence,
      previous: previous,
      microseconds: row.microseconds,
      run: row.run?.utf8,
      kind: row.kind.utf8,
      payload: payload.utf8
    )
    try tamper(
      """
      UPDATE entry SET payload = '\(payload)', hash = x'\(hash)' WHERE sequence = \(row.sequence)
      """
    )
  }
}
