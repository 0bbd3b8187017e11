import Testing

@testable import Journal

/// What somebody says while a worker is about to wait, or to die, is heard.
@Suite struct LostWordsTests {
  private static let other = String(repeating: "cd", count: 32)

  private static func question(_ hash: String = WorkFixture.hash) -> WorkChange {
    .ask(NewApproval(number: 1, hash: hash, action: "{}", scope: .once, expires: nil))
  }

  private static func yes(_ hash: String = WorkFixture.hash) -> ApprovalAnswer {
    ApprovalAnswer(isApproved: true, scope: .once, by: "user", hash: hash)
  }

  @Test(arguments: StoreKind.allCases)
  func `who waits for what was answered meanwhile wakes at once`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit([Self.question()], under: lease)
      _ = try await fixture.store.answer("a.1", Self.yes())
      try await fixture.store.commit([.wait(for: "a.1", wake: nil)], under: lease)
      let assignment = try await fixture.store.assignment("a")
      #expect(assignment?.state == .queued)
      #expect(assignment?.waiting == nil)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `who waits for an answer that is to come waits`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit(
        [Self.question(), .wait(for: "a.1", wake: nil)],
        under: lease
      )
      #expect(try await fixture.store.assignment("a")?.state == .waiting)
      _ = try await fixture.store.answer("a.1", Self.yes())
      #expect(try await fixture.store.assignment("a")?.state == .queued)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `who waits for children that have ended meanwhile wakes at once`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      let child = NewAssignment(id: "b", parent: "a", text: "part", settings: "{}")
      try await fixture.store.commit([.spawn(child)], under: lease)
      _ = try await fixture.store.stop("b", by: "user")
      try await fixture.store.commit([.wait(for: "children", wake: nil)], under: lease)
      #expect(try await fixture.store.assignment("a")?.state == .queued)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `who is asked to stop while about to wait stops`(_ kind: StoreKind) async throws {
    for change in [WorkChange.wait(for: "time", wake: nil), .letGo] {
      try await WorkFixture.with(kind) { fixture in
        let lease = try await fixture.leased("a")
        #expect(try await fixture.store.stop("a", by: "user").state == .running)
        try await fixture.store.commit([change], under: lease)
        let assignment = try await fixture.store.assignment("a")
        #expect(assignment?.state == .stopped)
        #expect(assignment?.isAskedToStop == false)
      }
    }
  }

  /// Else the answer to one question would be taken for that to another.
  @Test(arguments: StoreKind.allCases)
  func `a question about something else under the same number is asked`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit([Self.question()], under: lease)
      _ = try await fixture.store.answer("a.1", Self.yes())
      try await fixture.store.commit([Self.question()], under: lease)
      #expect(try await fixture.store.approval("a.1")?.state == .approved)
      try await fixture.store.commit([Self.question(Self.other)], under: lease)
      let asked = try await fixture.store.approval("a.1")
      #expect(asked?.state == .pending)
      #expect(asked?.hash == Self.other)
      #expect(asked?.answeredBy == nil)
      await #expect(throws: WorkError.self) {
        try await fixture.store.answer("a.1", Self.yes())
      }
      // One that nobody has answered is not asked any more.
      try await fixture.store.commit([Self.question()], under: lease)
      await #expect(throws: WorkError.self) {
        try await fixture.store.answer("a.1", Self.yes(Self.other))
      }
      #expect(try await fixture.store.answer("a.1", Self.yes()).state == .approved)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `what cuts off each step is set aside, though each is closed`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      var lease = try await fixture.leased("a")
      for sequence in 1...LeaseRule.largestRecoveries {
        try await fixture.store.commit([fixture.intent(sequence)], under: lease)
        let next = try await fixture.store.lease(fixture.request(sight: .dead))
        lease = try #require(next.first)
        let status: StepOutcome.Status = sequence % 2 == 0 ? .interrupted : .notHappened
        try await fixture.store.commit(
          [.outcome(sequence: sequence, StepOutcome(status, body: "{}"))],
          under: lease
        )
      }
      #expect(try await fixture.store.lease(fixture.request(sight: .dead)).isEmpty)
      #expect(try await fixture.store.assignment("a")?.state == .parked)
    }
  }
}
