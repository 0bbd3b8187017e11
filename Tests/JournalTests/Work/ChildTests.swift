import Journal
import Testing

struct ChildTests {
  @Test(arguments: StoreKind.here)
  func `the end of the last child wakes who waits for them`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let parent = try await fixture.leased("p")
      try await store.commit(
        [child("c1"), child("c2"), .wait(for: "children", wake: nil)],
        under: parent
      )
      #expect(try await fixture.state("p") == .waiting)
      #expect(try await store.assignments(AssignmentFilter(parent: "p")).count == 2)
      let lease = try await fixture.lease("c1")
      try await store.commit([.end(.done, reason: nil)], under: lease)
      // The other one is still at work; a person stops it.
      #expect(try await fixture.state("p") == .waiting)
      _ = try await store.stop("c2", by: "ann")
      #expect(try await fixture.state("c2") == .running)
      let second = Lease(assignment: "c2", epoch: 1, isRecovery: false)
      try await store.commit([.end(.stopped, reason: nil)], under: second)
      #expect(try await fixture.state("p") == .queued)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `who waits for children that are over is not left waiting`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let parent = try await fixture.leased("p")
      try await store.commit([child("c")], under: parent)
      _ = try await store.stop("c", by: "ann")
      try await store.commit([.wait(for: "children", wake: nil)], under: parent)
      #expect(try await fixture.state("p") == .queued)
    }
  }

  @Test(arguments: StoreKind.here)
  func `the end of one of those that it waits for wakes it`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let what = WorkMachine.oneOf(["c1", "c2"])
      var parent = try await fixture.leased("p")
      try await store.commit(
        [child("c1"), child("c2"), child("c3"), .wait(for: what, wake: nil)],
        under: parent
      )
      _ = try await store.stop("c3", by: "ann")
      #expect(try await fixture.state("p") == .waiting)
      _ = try await store.stop("c2", by: "ann")
      #expect(try await fixture.state("p") == .queued)
      // It is over by the time that it is waited for.
      parent = try await fixture.lease("p")
      try await store.commit([.wait(for: what, wake: nil)], under: parent)
      #expect(try await fixture.state("p") == .queued)
      parent = try await fixture.lease("p")
      try await store.commit([.wait(for: WorkMachine.oneOf(["c1"]), wake: nil)], under: parent)
      #expect(try await fixture.state("p") == .waiting)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `work is given below oneself alone, once, under a free name`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("p")
      try await fixture.assign("q")
      for parent in [nil, "q", ""] {
        await #expect(throws: WorkError.self) {
          try await store.commit(
            [.spawn(NewAssignment(id: "c", parent: parent, text: "t", settings: "{}"))],
            under: lease
          )
        }
      }
      for changes in [[child("q")], [child("c"), child("c")]] {
        await #expect(throws: WorkError.self) { try await store.commit(changes, under: lease) }
      }
      #expect(try await store.assignment("c") == nil)
      try await store.commit([child("c", dedupe: "k"), child("d", dedupe: "k")], under: lease)
      try await store.commit([child("e", dedupe: "k")], under: lease)
      #expect(try await store.assignments(AssignmentFilter(parent: "p")).map(\.id) == ["c"])
      #expect(try await fixture.rows() == 4)
    }
  }

  private func child(_ id: String, dedupe: String? = nil) -> WorkChange {
    .spawn(NewAssignment(id: id, parent: "p", text: "t", settings: "{}", dedupe: dedupe))
  }
}
