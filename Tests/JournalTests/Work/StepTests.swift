import Journal
import Testing

struct StepTests {
  @Test(arguments: StoreKind.allCases)
  func `a step is read as it was written, whatever its texts hold`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      let body = #"{"a":{"b":1,"class":"x","status":"y"},"t":"é\",\"class\":\"\u0000"}"#
      try await fixture.store.commit([fixture.intent(1, body)], under: lease)
      var steps = try await fixture.store.steps(of: "a", after: 0)
      #expect(steps.map(\.intent.body) == [body])
      #expect(steps.map(\.outcome) == [nil])
      try await fixture.store.commit(
        [.outcome(sequence: 1, StepOutcome(.done, body: body)), fixture.intent(2)],
        under: lease
      )
      steps = try await fixture.store.steps(of: "a", after: 0)
      #expect(steps.map(\.outcome) == [StepOutcome(.done, body: body), nil])
      let verdict = try await fixture.store.verify()
      guard case .intact(let head, 0) = verdict else {
        Issue.record("\(verdict)")
        return
      }
      #expect(head.sequence == 5)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `who has lost the lease writes nothing`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let old = try await fixture.leased("a")
      let new = try await fixture.store.lease(fixture.request(sight: .dead))
      #expect(new.map(\.isRecovery) == [true])
      await #expect(throws: WorkError.fenced("a")) {
        try await fixture.store.commit([fixture.intent(1)], under: old)
      }
      let steps = try await fixture.store.steps(of: "a", after: 0)
      #expect(steps.isEmpty)
    }
  }
}
