import Journal
import Testing

struct LeaseTests {
  @Test(arguments: StoreKind.here)
  func `the oldest are taken first, up to the limit, once each`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      for id in ["c", "a", "b"] {
        try await fixture.assign(id)
        fixture.pass(10)
      }
      let store = fixture.store
      #expect(try await store.lease(fixture.request(limit: 0)).isEmpty)
      let first = try await store.lease(fixture.request(limit: 2))
      #expect(first.map(\.assignment) == ["c", "a"])
      #expect(first.map(\.epoch) == [1, 1] && !first.contains(where: \.isRecovery))
      #expect(try await store.lease(fixture.request(limit: 2)).map(\.assignment) == ["b"])
      #expect(try await store.lease(fixture.request(limit: 2)).isEmpty)
      let taken = try #require(try await store.assignment("c"))
      #expect(taken.state == .running && taken.lease.holder == fixture.worker)
      #expect(taken.lease.until > fixture.now)
      #expect(try await fixture.rows() == 6)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a lease is another's when its time is over, unless it was renewed`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a", duration: WorkFixture.minute)
      fixture.pass(WorkFixture.minute / 2)
      #expect(
        try await store.renew([lease], for: WorkFixture.minute) == [.held(isAskedToStop: false)]
      )
      fixture.pass(WorkFixture.minute * 3 / 4)
      #expect(try await store.lease(fixture.request()).isEmpty)
      fixture.pass(WorkFixture.minute)
      let next = try await store.lease(fixture.request())
      #expect(next == [Lease(assignment: "a", epoch: 2, isRecovery: true)])
      #expect(try await store.renew([lease], for: WorkFixture.minute) == [.lost])
      #expect(try await store.assignment("a")?.recoveries == 1)
      #expect(try await store.renew([], for: 1).isEmpty)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a lease without end does not overflow`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a", duration: .max)
      #expect(try await fixture.store.assignment("a")?.lease.until == .max)
      _ = try await fixture.store.renew([lease], for: .max)
      #expect(try await fixture.store.assignment("a")?.lease.until == .max)
    }
  }

  @Test(arguments: StoreKind.here)
  func `what kills its workers is set aside, unless a step ends in between`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      var lease = try await fixture.leased("a")
      try await store.commit([fixture.intent(1)], under: lease)
      for _ in 1...4 { lease = try await fixture.lease("a", sight: .dead) }
      #expect(try await store.assignment("a")?.recoveries == 4)
      try await store.commit([fixture.outcome(1)], under: lease)
      #expect(try await store.assignment("a")?.recoveries == 0)
      for _ in 1...LeaseRule.largestRecoveries { _ = try await fixture.lease("a", sight: .dead) }
      #expect(try await store.lease(fixture.request(sight: .dead)).isEmpty)
      let parked = try #require(try await store.assignment("a"))
      #expect(parked.state == .parked && parked.lease.holder == nil)
      #expect(parked.reason?.contains("5 workers") == true)
      let notices = try await store.takeNotices(limit: 10, for: WorkFixture.minute)
      #expect(notices.map(\.kind) == ["parked"] && notices.map(\.assignment) == ["a"])
      #expect(try await store.lease(fixture.request(sight: .dead)).isEmpty)
      #expect(try await store.resume("a", by: "ann").recoveries == 0)
      #expect(try await fixture.lease("a").isRecovery == false)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `an unclear holder keeps its lease to the end`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      _ = try await fixture.leased("a")
      #expect(try await fixture.store.lease(fixture.request(sight: .unclear)).isEmpty)
      fixture.pass(2 * WorkFixture.minute)
      #expect(try await fixture.store.lease(fixture.request(sight: .unclear)).count == 1)
    }
  }

  @Test(arguments: StoreKind.here)
  func `who lets go is followed at once, and no recovery`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      await #expect(throws: WorkError.self) {
        try await fixture.store.commit([.letGo, fixture.intent(1)], under: lease)
      }
      try await fixture.store.commit(
        [.letGo, .notify(kind: "k", body: "{}", dedupe: "d")],
        under: lease
      )
      #expect(try await fixture.store.assignment("a")?.lease.holder == nil)
      let next = try await fixture.lease("a")
      #expect(next.epoch == 2 && !next.isRecovery)
    }
  }

  @Test(arguments: StoreKind.here)
  func `what waits for its time is taken then, and not before`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      let wake = fixture.now + 10 * WorkFixture.minute
      try await store.commit([.wait(for: "time", wake: wake)], under: lease)
      var waiting = try #require(try await store.assignment("a"))
      #expect(waiting.state == .waiting && waiting.waiting == "time" && waiting.wake == wake)
      _ = try await store.assign(
        NewAssignment(id: "b", text: "later", settings: "{}", start: wake)
      )
      #expect(try await store.lease(fixture.request()).isEmpty)
      fixture.pass(11 * WorkFixture.minute)
      #expect(try await store.lease(fixture.request()).map(\.assignment) == ["a", "b"])
      waiting = try #require(try await store.assignment("a"))
      #expect(waiting.state == .running && waiting.waiting == nil && waiting.wake == nil)
    }
  }

  @Test(arguments: StoreKind.here)
  func `an end is one`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      for state in [Assignment.State.queued, .running, .waiting] {
        await #expect(throws: WorkError.invalid("\(state.rawValue) is no end")) {
          try await fixture.store.commit([.end(state, reason: nil)], under: lease)
        }
      }
      try await fixture.store.commit([.end(.done, reason: "all said")], under: lease)
      await #expect(throws: WorkError.fenced("a")) {
        try await fixture.store.commit([fixture.intent(1)], under: lease)
      }
      #expect(try await fixture.store.renew([lease], for: 1) == [.lost])
      #expect(try await fixture.store.lease(fixture.request(sight: .dead)).isEmpty)
    }
  }
}
