import Journal
import Testing

struct WorkVerifyTests {
  private func broken(
    _ kind: StoreKind,
    _ statements: String,
    _ expected: Break.Cause,
    at row: Int64
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      for step in 1...5 {
        try await fixture.store.commit(
          [fixture.intent(step, #"{"run":"rm -r build"}"#), fixture.outcome(step, "\(step)")],
          under: lease
        )
      }
      #expect(try await fixture.rows() == 12)
      try await fixture.tamper(statements)
      guard case .broken(let found) = try await fixture.store.verify() else {
        Issue.record("nothing was found of: \(statements)")
        return
      }
      #expect(found.sequence == row, "\(statements)")
      #expect(found.cause == expected, "\(statements)")
    }
  }

  @Test(arguments: StoreKind.here)
  func `an edited row is found`(_ kind: StoreKind) async throws {
    try await broken(
      kind,
      "UPDATE entry SET payload = replace(payload, 'build', 'etc') WHERE sequence = 5",
      .edited,
      at: 5
    )
    try await broken(kind, "UPDATE entry SET time = time + 1 WHERE sequence = 7", .edited, at: 7)
    try await broken(kind, "UPDATE entry SET run = 'b' WHERE sequence = 7", .edited, at: 7)
    try await broken(kind, "UPDATE entry SET run = NULL WHERE sequence = 7", .edited, at: 7)
  }

  @Test(arguments: StoreKind.here)
  func `rows that are gone are missed`(_ kind: StoreKind) async throws {
    try await broken(
      kind,
      "DELETE FROM entry WHERE sequence IN (4, 5)",
      .deleted(count: 2),
      at: 4
    )
    try await broken(
      kind,
      "DELETE FROM entry WHERE sequence > 10",
      .truncated(written: 12),
      at: 11
    )
  }

  @Test(arguments: StoreKind.here)
  func `rows that changed places are found`(_ kind: StoreKind) async throws {
    try await broken(
      kind,
      """
      UPDATE entry SET sequence = 99 WHERE sequence = 4;
      UPDATE entry SET sequence = 4 WHERE sequence = 6;
      UPDATE entry SET sequence = 6 WHERE sequence = 99;
      """,
      .swapped(with: 6),
      at: 4
    )
  }

  @Test(arguments: StoreKind.here)
  func `nothing is added to a chain that lost its end`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit([fixture.intent(1)], under: lease)
      try await fixture.tamper("DELETE FROM entry WHERE sequence = 3")
      await #expect(throws: WorkError.self) {
        try await fixture.store.commit([fixture.outcome(1)], under: lease)
      }
      await #expect(throws: WorkError.self) { try await fixture.assign("b") }
      guard case .broken(let found) = try await fixture.store.verify() else {
        Issue.record("the loss was covered up")
        return
      }
      #expect(found == Break(sequence: 3, cause: .truncated(written: 3)))
    }
  }
}
