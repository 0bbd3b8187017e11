import Journal
import Testing

struct WorkCrowdTests {
  @Test(arguments: StoreKind.here)
  func `32 that make steps at once make all of them, in order`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let (crowd, steps) = (32, 5)
      for number in 0..<crowd { try await fixture.assign("a\(number)") }
      let leases = try await fixture.store.lease(fixture.request())
      try #require(leases.count == crowd)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for lease in leases {
          group.addTask {
            for step in 1...steps {
              try await fixture.store.commit([fixture.intent(step)], under: lease)
              // Beside it, what is refused: it leaves its neighbours in the transaction alone.
              await #expect(throws: WorkError.self) {
                try await fixture.store.commit(
                  [fixture.outcome(step), fixture.intent(step)],
                  under: lease
                )
              }
              try await fixture.store.commit([fixture.outcome(step)], under: lease)
            }
          }
        }
        try await group.waitForAll()
      }
      for lease in leases {
        let found = try await fixture.store.steps(of: lease.assignment, after: 0)
        #expect(found.map(\.intent.sequence) == Array(1...steps))
        #expect(found.allSatisfy { $0.outcome?.status == .done })
      }
      #expect(try await fixture.rows() == Int64(crowd * (2 + 2 * steps)))
    }
  }

  @Test(arguments: StoreKind.here)
  func `two stores share 200 assignments: each has one worker`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let other = try await fixture.another()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          let store = number % 2 == 0 ? fixture.store : other
          group.addTask {
            _ = try await store.assign(NewAssignment(id: "a\(number)", text: "t", settings: "{}"))
          }
        }
        try await group.waitForAll()
      }
      let taken = try await withThrowingTaskGroup(of: [Lease].self) { group in
        for number in 0..<8 {
          let store = number % 2 == 0 ? fixture.store : other
          group.addTask {
            var taken: [Lease] = []
            while true {
              let leases = try await store.lease(fixture.request(limit: 7))
              if leases.isEmpty { return taken }
              for lease in leases {
                try await store.commit([fixture.intent(1), .end(.done, reason: nil)], under: lease)
              }
              taken += leases
            }
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(taken.count == 200)
      #expect(Set(taken.map(\.assignment)).count == 200)
      #expect(taken.allSatisfy { $0.epoch == 1 })
      #expect(try await fixture.rows() == 800)
    }
  }

  @Test(arguments: StoreKind.here)
  func `a change by another is noticed`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let other = try await fixture.another()
      let clock = ContinuousClock()
      // What was before may be told, and then no more.
      var quiet = Duration.zero
      for _ in 0..<10 where quiet < .milliseconds(300) {
        quiet = await clock.measure { await other.waitForChange(timeout: .milliseconds(400)) }
      }
      #expect(quiet >= .milliseconds(300))
      let noticed = try await clock.measure {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<2 { group.addTask { await other.waitForChange(timeout: .seconds(60)) } }
          group.addTask { try await fixture.assign("a") }
          try await group.waitForAll()
        }
      }
      #expect(noticed < .seconds(30))
      // Between two calls, too.
      try await fixture.assign("b")
      let told = await clock.measure { await other.waitForChange(timeout: .seconds(60)) }
      #expect(told < .seconds(30))
      await other.close()
      let closed = await clock.measure { await other.waitForChange(timeout: .milliseconds(20)) }
      #expect(closed < .seconds(30))
    }
  }

  @Test(arguments: StoreKind.here)
  func `a closed store says so`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let other = try await fixture.another()
      await other.close()
      await #expect(throws: WorkError.closing) {
        try await other.assign(NewAssignment(id: "a", text: "t", settings: "{}"))
      }
      await #expect(throws: WorkError.self) { try await other.assignment("a") }
      await other.close()
    }
  }
}
