import Journal
import Synchronization
import Testing

struct ScheduleTests {
  @Test(arguments: StoreKind.here)
  func `each due moment is given once though many ask at once`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let other = try await fixture.another()
      let due = fixture.now + WorkFixture.minute
      let hour = 60 * WorkFixture.minute
      let hourly = Schedule(id: "h", text: "tidy", settings: #"{"a":1}"#, every: hour, due: due)
      let once = Schedule(id: "o", text: "once", settings: "{}", every: nil, due: due)
      try await store.schedule(hourly)
      try await store.schedule(once)
      #expect(try await store.schedules() == [hourly, once])
      let names = Names()
      #expect(try await store.fireSchedules { names.next() }.isEmpty)
      // Nine moments were missed meanwhile; they are not made up for.
      fixture.pass(9 * hour + 2 * WorkFixture.minute)
      let fired = try await withThrowingTaskGroup(of: [Assignment].self) { group in
        for number in 0..<8 {
          let store = number % 2 == 0 ? store : other
          group.addTask { try await store.fireSchedules { names.next() } }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(fired.map(\.text).sorted() == ["once", "tidy"])
      #expect(fired.first { $0.text == "tidy" }?.settings == #"{"a":1}"#)
      #expect(try await store.assignments(AssignmentFilter()).count == 2)
      let left = try await store.schedules()
      #expect(left.map(\.due) == [due + 10 * hour, nil])
      fixture.pass(hour)
      #expect(try await store.fireSchedules { names.next() }.map(\.text) == ["tidy"])
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `a schedule is replaced and removed`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let first = Schedule(id: "s", text: "a", settings: "{}", every: 1, due: 1)
      let second = Schedule(id: "s", text: "b", settings: "{}", every: nil, due: nil)
      try await store.schedule(first)
      try await store.schedule(second)
      #expect(try await store.schedules() == [second])
      #expect(try await store.fireSchedules { "x" }.isEmpty)
      try await store.removeSchedule("s")
      await #expect(throws: WorkError.unknownSchedule("s")) {
        try await store.removeSchedule("s")
      }
      await #expect(throws: WorkError.self) {
        try await store.schedule(
          Schedule(id: "s", text: "a", settings: "{}", every: 0, due: 1)
        )
      }
    }
  }

  @Test(arguments: StoreKind.here)
  func `a name that is taken fires nothing, and the moment stays due`(
    _ kind: StoreKind
  ) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      try await fixture.assign("taken")
      try await store.schedule(
        Schedule(id: "s", text: "a", settings: "{}", every: nil, due: fixture.now)
      )
      await #expect(throws: WorkError.conflict("there is an assignment taken already")) {
        try await store.fireSchedules { "taken" }
      }
      #expect(try await store.fireSchedules { "free" }.map(\.id) == ["free"])
    }
  }
}

private final class Names: Sendable {
  private let count = Mutex(0)

  func next() -> String {
    count.withLock { count in
      count += 1
      return "s\(count)"
    }
  }
}
