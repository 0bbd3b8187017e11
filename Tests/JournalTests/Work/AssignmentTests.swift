import Journal
import Testing

struct AssignmentTests {
  @Test(arguments: StoreKind.here)
  func `an assignment is kept as it was given`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let text = "translate \u{0}é漢\u{1F600}'\"\\\n$1".replacing("\u{0}", with: "")
      let new = NewAssignment(id: "a", text: text, settings: #"{"in":"/w"}"#, dedupe: "k")
      let made = try await fixture.store.assign(new)
      #expect(made.state == .queued)
      #expect(made.steps == 0 && made.lease == LeaseRecord() && made.wake == nil)
      #expect(abs(made.created - fixture.now) < WorkFixture.minute)
      let found = try #require(try await fixture.store.assignment("a"))
      #expect(found == made)
      #expect(Array(found.text.utf8) == Array(text.utf8))
      #expect(found.settings == new.settings)
      #expect(try await fixture.store.assignment("b") == nil)
      #expect(try await fixture.rows() == 1)
    }
  }

  @Test(arguments: StoreKind.here)
  func `the same dedupe key is one assignment`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let other = try await fixture.another()
      let ids = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<16 {
          let store = number % 2 == 0 ? fixture.store : other
          group.addTask {
            try await store.assign(
              NewAssignment(id: "a\(number)", text: "t", settings: "{}", dedupe: "key")
            ).id
          }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
      #expect(try await fixture.store.assignments(AssignmentFilter()).map(\.id) == Array(ids))
      #expect(try await fixture.rows() == 1)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a name is given once`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      try await fixture.assign("a")
      await #expect(throws: WorkError.conflict("there is an assignment a already")) {
        try await fixture.assign("a")
      }
      #expect(try await fixture.rows() == 1)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a text with a byte 0 is refused everywhere`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      let zero = "a\u{0}b"
      let refused = WorkError.invalid("a text with a byte 0 cannot be kept; escape it")
      await #expect(throws: refused) {
        try await store.assign(NewAssignment(id: "b", text: zero, settings: "{}"))
      }
      for change in [
        fixture.intent(1, zero), .end(.failed, reason: zero), .wait(for: zero, wake: nil),
        .notify(kind: "done", body: zero, dedupe: "d"),
        .ask(
          NewApproval(
            number: 1,
            hash: WorkFixture.hash,
            action: zero,
            scope: .once,
            expires: nil
          )
        ), .spawn(NewAssignment(id: "c", parent: "a", text: zero, settings: "{}")),
      ] {
        await #expect(throws: refused) { try await store.commit([change], under: lease) }
      }
      await #expect(throws: refused) { try await store.stop("a", by: zero) }
      await #expect(throws: refused) {
        try await store.schedule(
          Schedule(id: "s", text: zero, settings: "{}", every: nil, due: nil)
        )
      }
      #expect(try await fixture.rows() == 2)
    }
  }

  @Test(arguments: StoreKind.here)
  func `lists are filtered, newest first, and bounded`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      for id in ["a", "b", "c"] {
        try await fixture.assign(id)
        fixture.pass(10)
      }
      let lease = try await fixture.lease("c")
      try await fixture.store.commit(
        [.spawn(NewAssignment(id: "d", parent: "c", text: "t", settings: "{}"))],
        under: lease
      )
      _ = try await fixture.store.stop("a", by: "ann")
      func list(_ filter: AssignmentFilter) async throws -> [String] {
        try await fixture.store.assignments(filter).map(\.id)
      }
      #expect(try await list(AssignmentFilter()) == ["d", "c", "b", "a"])
      // All of them were leased.
      #expect(try await list(AssignmentFilter(states: [.running])) == ["c", "b", "a"])
      #expect(try await list(AssignmentFilter(states: [])).isEmpty)
      #expect(try await list(AssignmentFilter(parent: "c")) == ["d"])
      #expect(try await list(AssignmentFilter(limit: 2)) == ["d", "c"])
      #expect(try await list(AssignmentFilter(limit: 0)).isEmpty)
      #expect(try await list(AssignmentFilter(limit: -1)).isEmpty)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a stop ends what nobody works on, and is told to who does`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      await #expect(throws: WorkError.unknownAssignment("x")) {
        try await store.stop("x", by: "ann")
      }
      // Under way.
      let lease = try await fixture.leased("a")
      #expect(try await store.stop("a", by: "ann").isAskedToStop)
      #expect(try await store.stop("a", by: "bob").state == .running)
      #expect(
        try await store.renew([lease], for: WorkFixture.minute) == [.held(isAskedToStop: true)]
      )
      try await store.commit([.end(.stopped, reason: nil)], under: lease)
      #expect(try await store.assignment("a")?.isAskedToStop == false)
      // Queued.
      try await fixture.assign("b")
      let stopped = try await store.stop("b", by: "ann")
      #expect(stopped.state == .stopped && stopped.reason == "stopped by ann")
      // Waiting.
      let third = try await fixture.leased("c")
      try await store.commit([.wait(for: "time", wake: nil)], under: third)
      #expect(try await store.stop("c", by: "ann").state == .stopped)
      // Over: nothing happens.
      let rows = try await fixture.rows()
      for id in ["a", "b", "c"] { #expect(try await store.stop(id, by: "ann").state == .stopped) }
      #expect(try await fixture.rows() == rows)
    }
  }

  @Test(arguments: StoreKind.here)
  func `what was stopped, parked or failed is resumed, and nothing else`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      await #expect(throws: WorkError.unknownAssignment("x")) {
        try await store.resume("x", by: "ann")
      }
      for state in [Assignment.State.stopped, .parked, .failed] {
        let id = state.rawValue
        let lease = try await fixture.leased(id)
        try await store.commit([.end(state, reason: "why")], under: lease)
        #expect(try await store.assignment(id)?.reason == "why")
        let resumed = try await store.resume(id, by: "ann")
        #expect(resumed.state == .queued && resumed.reason == nil && resumed.recoveries == 0)
        let again = try await fixture.lease(id)
        #expect(again.epoch == lease.epoch + 1 && !again.isRecovery)
        await #expect(throws: WorkError.fenced(id)) {
          try await store.commit([fixture.intent(1)], under: lease)
        }
        // Running, then waiting, then done.
        await #expect(throws: WorkError.self) { try await store.resume(id, by: "ann") }
        try await store.commit([.wait(for: "time", wake: nil)], under: again)
        await #expect(throws: WorkError.self) { try await store.resume(id, by: "ann") }
        _ = try await store.stop(id, by: "ann")
        _ = try await store.resume(id, by: "ann")
        await #expect(throws: WorkError.self) { try await store.resume(id, by: "ann") }
        let last = try await fixture.lease(id)
        try await store.commit([.end(.done, reason: nil)], under: last)
        await #expect(throws: WorkError.self) { try await store.resume(id, by: "ann") }
      }
      _ = try await fixture.rows()
    }
  }
}
