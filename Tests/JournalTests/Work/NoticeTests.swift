import Journal
import Testing

struct NoticeTests {
  @Test(arguments: StoreKind.here)
  func `each is taken by one at a time, once for a dedupe key`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let other = try await fixture.another()
      let lease = try await fixture.leased("a")
      for number in 1...20 {
        try await store.commit(
          [
            .notify(kind: "k", body: "\(number)", dedupe: "d\(number)"),
            .notify(kind: "k", body: "again", dedupe: "d\(number)"),
          ],
          under: lease
        )
      }
      let taken = try await withThrowingTaskGroup(of: [Notice].self) { group in
        for number in 0..<8 {
          let store = number % 2 == 0 ? store : other
          group.addTask { try await store.takeNotices(limit: 4, for: WorkFixture.minute) }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      let rest = try await store.takeNotices(limit: 100, for: WorkFixture.minute)
      let all = (taken + rest).sorted { $0.id < $1.id }
      #expect(all.map(\.body) == (1...20).map(String.init))
      #expect(all.allSatisfy { $0.attempts == 1 && $0.assignment == "a" && $0.kind == "k" })
      #expect(try await store.takeNotices(limit: 100, for: 1).isEmpty)
      #expect(try await store.takeNotices(limit: 0, for: 1).isEmpty)
      // Nobody said what came of them: they are taken again.
      fixture.pass(2 * WorkFixture.minute)
      let again = try await store.takeNotices(limit: 3, for: WorkFixture.minute)
      #expect(again.map(\.body) == ["1", "2", "3"] && again.allSatisfy { $0.attempts == 2 })
    }
  }

  @Test(arguments: StoreKind.here)
  func `what came of it decides whether it is tried again`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      try await store.commit(
        (1...3).map { .notify(kind: "k", body: "\($0)", dedupe: "d\($0)") },
        under: lease
      )
      let rows = try await fixture.rows()
      let notices = try await store.takeNotices(limit: 10, for: WorkFixture.minute)
      try #require(notices.count == 3)
      try await store.receipt(notices[0].id, .delivered("200"))
      try await store.receipt(notices[1].id, .givenUp("no such address"))
      try await store.receipt(
        notices[2].id,
        .failed("503", retryAt: fixture.now + 10 * WorkFixture.minute)
      )
      // Once more, and for one that is not there: nothing.
      try await store.receipt(notices[0].id, .delivered("200"))
      try await store.receipt(99_999, .delivered("200"))
      #expect(try await fixture.rows() == rows + 3)
      fixture.pass(5 * WorkFixture.minute)
      #expect(try await store.takeNotices(limit: 10, for: 1).isEmpty)
      fixture.pass(6 * WorkFixture.minute)
      let again = try await store.takeNotices(limit: 10, for: WorkFixture.minute)
      #expect(again.map(\.body) == ["3"] && again.map(\.attempts) == [2])
    }
  }
}
