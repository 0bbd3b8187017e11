import Journal
import Testing

struct ApprovalTests {
  @Test(arguments: StoreKind.here)
  func `an answer wakes who waits for it, and nobody else`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      for id in ["a", "b"] {
        let lease = try await fixture.leased(id)
        try await store.commit(
          [fixture.question(7), .wait(for: "\(id).7", wake: nil)],
          under: lease
        )
      }
      #expect(try await store.approvals(.pending, of: nil).map(\.id) == ["a.7", "b.7"])
      #expect(try await store.approvals(nil, of: "b").map(\.id) == ["b.7"])
      #expect(try await store.approvals(.approved, of: nil).isEmpty)
      let answered = try await store.answer("a.7", fixture.yes())
      #expect(answered.state == .approved && answered.given == .once)
      #expect(answered.answeredBy == "ann by caisson approve" && answered.answeredAt != nil)
      #expect(try await store.approval("a.7") == answered)
      #expect(answered.action == #"{"run":"git push"}"#)
      #expect(try await fixture.state("a") == .queued)
      #expect(try await fixture.state("b") == .waiting)
      let denied = try await store.answer("b.7", fixture.no)
      #expect(denied.state == .denied && denied.comment == "not on a Friday")
      #expect(try await fixture.state("b") == .queued)
      #expect(try await store.approval("c.1") == nil)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `an answer that came before the waiting is not slept through`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit([fixture.question()], under: lease)
      _ = try await fixture.store.answer("a.1", fixture.yes())
      #expect(try await fixture.state("a") == .running)
      try await fixture.store.commit([.wait(for: "a.1", wake: nil)], under: lease)
      #expect(try await fixture.state("a") == .queued)
    }
  }

  @Test(arguments: StoreKind.here)
  func `asking twice is asking once, and about one thing`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      try await store.commit([fixture.question()], under: lease)
      let rows = try await fixture.rows()
      try await store.commit([fixture.question()], under: lease)
      #expect(try await fixture.rows() == rows)
      _ = try await store.answer("a.1", fixture.yes())
      try await store.commit([fixture.question()], under: lease)
      #expect(try await store.approval("a.1")?.state == .approved)
      // An answer stands, whatever the worker says of the question afterwards.
      try await store.commit([.close(approval: 1, as: .timedOut)], under: lease)
      #expect(try await store.approval("a.1")?.state == .approved)
      // Set aside, and asked about something else.
      try await store.commit([fixture.question(2)], under: lease)
      try await store.commit(
        [
          .close(approval: 2, as: .superseded),
          fixture.question(2, hash: String(repeating: "cd", count: 32)),
        ],
        under: lease
      )
      let asked = try #require(try await store.approval("a.2"))
      #expect(asked.state == .pending && asked.hash == String(repeating: "cd", count: 32))
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `no worker approves what it asks`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      try await fixture.store.commit([fixture.question()], under: lease)
      for state in [Approval.State.approved, .pending] {
        await #expect(throws: WorkError.invalid("a worker does not answer what it asks")) {
          try await fixture.store.commit([.close(approval: 1, as: state)], under: lease)
        }
      }
      // Another's question is none of its own, and one that is not there is nothing.
      _ = try await fixture.leased("b")
      try await fixture.store.commit([.close(approval: 9, as: .timedOut)], under: lease)
      try await fixture.store.commit([.close(approval: 1, as: .noChannel)], under: lease)
      #expect(try await fixture.store.approval("a.1")?.state == .noChannel)
    }
  }

  @Test(arguments: StoreKind.here)
  func `an answer to something else, or to nothing, is refused`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      try await store.commit(
        [fixture.question(1), fixture.question(2, expires: fixture.now + 1_000_000)],
        under: lease
      )
      await #expect(throws: WorkError.unknownApproval("a.9")) {
        try await store.answer("a.9", fixture.yes())
      }
      await #expect(throws: WorkError.self) {
        try await store.answer("a.1", fixture.yes(hash: String(repeating: "00", count: 32)))
      }
      fixture.pass(2_000_000)
      await #expect(throws: WorkError.conflict("the question a.2 has expired")) {
        try await store.answer("a.2", fixture.yes())
      }
      try await store.commit([.close(approval: 2, as: .timedOut)], under: lease)
      #expect(try await store.approval("a.2")?.state == .timedOut)
      _ = try await store.answer("a.1", fixture.no)
      await #expect(throws: WorkError.conflict("the question a.1 is denied already")) {
        try await store.answer("a.1", fixture.yes())
      }
      // The end sets aside what was asked for its sake.
      try await store.commit([fixture.question(3)], under: lease)
      try await store.commit([fixture.question(4), .end(.failed, reason: nil)], under: lease)
      for id in ["a.3", "a.4"] {
        #expect(try await store.approval(id)?.state == .superseded)
        await #expect(throws: WorkError.self) { try await store.answer(id, fixture.yes()) }
      }
      #expect(try await store.approvals(.pending, of: nil).isEmpty)
      // Resumed, it asks anew.
      _ = try await store.resume("a", by: "ann")
      let next = try await fixture.lease("a")
      try await store.commit([fixture.question(3)], under: next)
      #expect(try await store.approval("a.3")?.state == .pending)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `no more is given than may be, and a denial always`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      try await store.commit(
        [
          fixture.question(1, scope: .once), fixture.question(2, scope: .session),
          fixture.question(3, scope: .once),
        ],
        under: lease
      )
      for scope in [Approval.Scope.session, .always] {
        await #expect(throws: WorkError.self) {
          try await store.answer("a.1", fixture.yes(scope))
        }
      }
      await #expect(throws: WorkError.self) { try await store.answer("a.2", fixture.yes(.always)) }
      _ = try await store.answer("a.1", fixture.yes(.once))
      _ = try await store.answer("a.2", fixture.yes(.session))
      var no = fixture.no
      no.scope = .always
      #expect(try await store.answer("a.3", no).state == .denied)
    }
  }

  @Test(arguments: StoreKind.here)
  func `an answer reaches as far as it was given`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let hashes = ["11", "22", "33", "44"].map { String(repeating: $0, count: 32) }
      let lease = try await fixture.leased("a")
      try await store.commit(
        hashes.enumerated().map { fixture.question($0.offset, hash: $0.element) },
        under: lease
      )
      _ = try await store.answer("a.0", fixture.yes(.once, hash: hashes[0]))
      _ = try await store.answer("a.1", fixture.yes(.session, hash: hashes[1]))
      _ = try await store.answer("a.2", fixture.yes(.always, hash: hashes[2]))
      var no = fixture.no
      no.scope = .always
      no.hash = hashes[3]
      _ = try await store.answer("a.3", no)
      func standing(_ index: Int, _ assignment: String) async throws -> String? {
        try await store.standingApproval(hash: hashes[index], in: assignment)?.id
      }
      #expect(try await standing(0, "a") == nil)
      #expect(try await standing(1, "a") == "a.1")
      #expect(try await standing(1, "b") == nil)
      #expect(try await standing(2, "a") == "a.2")
      #expect(try await standing(2, "b") == "a.2")
      #expect(try await standing(3, "a") == nil)
    }
  }
}
