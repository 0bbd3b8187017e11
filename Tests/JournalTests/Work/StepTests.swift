import Journal
import Testing

struct StepTests {
  @Test(arguments: StoreKind.here)
  func `a step is read as it was written, whatever its texts hold`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      let bodies = [
        #"{"a":{"b":1,"class":"x","status":"y"},"t":"é\",\"class\":\"\u0000"}"#,
        #"{"class":"pure","hash":"h","key":"k","kind":"z","step":9},"class":"pure""#,
        "null", "\"\"", "{\"t\":\"\u{1F469}\u{200D}\u{1F4BB}e\u{301}\u{7F}\u{FEFF}\u{10FFFF}\"}",
        "[\n\t\"a\"\r\n]", "",
      ]
      for (index, body) in bodies.enumerated() {
        try await fixture.store.commit([fixture.intent(index + 1, body)], under: lease)
        try await fixture.store.commit([fixture.outcome(index + 1, body)], under: lease)
      }
      let steps = try await fixture.store.steps(of: "a", after: 0)
      #expect(steps.map { Array($0.intent.body.utf8) } == bodies.map { Array($0.utf8) })
      #expect(
        steps.map { Array(($0.outcome?.body ?? "none").utf8) } == bodies.map { Array($0.utf8) }
      )
      #expect(steps.map(\.intent.sequence) == Array(1...bodies.count))
      #expect(steps.allSatisfy { $0.attempts == 1 && $0.begun <= $0.ended ?? 0 })
      #expect(steps.allSatisfy { $0.intent.effect == .opaque && $0.intent.kind == "tool:bash" })
      #expect(try await fixture.store.steps(of: "a", after: 5).count == bodies.count - 5)
      #expect(try await fixture.store.steps(of: "b", after: 0).isEmpty)
      #expect(try await fixture.rows() == Int64(2 + 2 * bodies.count))
    }
  }

  @Test(arguments: StoreKind.here)
  func `a body of two million bytes is a body`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      let body = "\"" + String(repeating: #"é\n"#, count: 500_000) + "\""
      try await fixture.store.commit([fixture.intent(1, body)], under: lease)
      try await fixture.store.commit([fixture.outcome(1, body), fixture.intent(2)], under: lease)
      let steps = try await fixture.store.steps(of: "a", after: 0)
      #expect(steps.first?.intent.body.utf8.count == body.utf8.count)
      #expect(steps.first.map { $0.intent.body == body && $0.outcome?.body == body } == true)
      _ = try await fixture.rows()
    }
  }

  @Test(arguments: StoreKind.here)
  func `steps follow each other, and end once`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let store = fixture.store
      let lease = try await fixture.leased("a")
      func refused(_ changes: [WorkChange]) async {
        await #expect(throws: WorkError.self) { try await store.commit(changes, under: lease) }
      }
      await refused([fixture.intent(2)])
      await refused([fixture.intent(0)])
      await refused([fixture.outcome(1)])
      await refused([.again(sequence: 1, reason: "r")])
      // All of it or nothing: the first of these would have been right.
      await refused([fixture.intent(1), fixture.intent(3)])
      #expect(try await store.assignment("a")?.steps == 0)
      try await store.commit([fixture.intent(1)], under: lease)
      await refused([fixture.intent(1)])
      try await store.commit([.again(sequence: 1, reason: "its worker died")], under: lease)
      try await store.commit([.again(sequence: 1, reason: "once more")], under: lease)
      #expect(try await store.steps(of: "a", after: 0).map(\.attempts) == [3])
      try await store.commit([fixture.outcome(1, "1"), fixture.intent(2)], under: lease)
      await #expect(throws: WorkError.conflict("step 1 of a has ended already")) {
        try await store.commit([fixture.outcome(1, "2")], under: lease)
      }
      await refused([.again(sequence: 1, reason: "r")])
      // Begun and ended at once.
      try await store.commit(
        [fixture.outcome(2), fixture.intent(3), fixture.outcome(3)],
        under: lease
      )
      await refused([fixture.intent(4), fixture.outcome(4), fixture.outcome(4)])
      let steps = try await store.steps(of: "a", after: 0)
      #expect(steps.map(\.outcome?.body) == ["1", "{}", "{}"])
      #expect(try await store.assignment("a")?.steps == 3)
      #expect(try await fixture.rows() == 10)
    }
  }

  @Test(arguments: StoreKind.here)
  func `an intent that is none is refused`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let lease = try await fixture.leased("a")
      for (kind, hash) in [
        ("", WorkFixture.hash), ("tool\",", WorkFixture.hash), ("tool", "ab"),
        ("tool", String(repeating: "zz", count: 32)),
        (String(repeating: "a", count: 129), WorkFixture.hash),
      ] {
        let intent = StepIntent(sequence: 1, kind: kind, effect: .pure, hash: hash, body: "{}")
        await #expect(throws: WorkError.self) {
          try await fixture.store.commit([.intent(intent)], under: lease)
        }
      }
      #expect(try await fixture.rows() == 2)
    }
  }

  @Test(arguments: StoreKind.here)
  func `who has lost the lease writes nothing of any kind`(_ kind: StoreKind) async throws {
    try await WorkFixture.with(kind) { fixture in
      let old = try await fixture.leased("a")
      try await fixture.store.commit([fixture.intent(1), fixture.question(1)], under: old)
      let new = try await fixture.store.lease(fixture.request(sight: .dead))
      #expect(new == [Lease(assignment: "a", epoch: old.epoch + 1, isRecovery: true)])
      let before = try await fixture.store.assignment("a")
      let rows = try await fixture.rows()
      let changes: [WorkChange] = [
        fixture.intent(2), .again(sequence: 1, reason: "r"), fixture.outcome(1),
        fixture.question(2), .close(approval: 1, as: .superseded), .wait(for: "time", wake: nil),
        .letGo, .end(.done, reason: nil), .notify(kind: "done", body: "{}", dedupe: "d"),
        .spawn(NewAssignment(id: "b", parent: "a", text: "t", settings: "{}")),
      ]
      for change in changes {
        await #expect(throws: WorkError.fenced("a"), "\(change)") {
          try await fixture.store.commit([change], under: old)
        }
      }
      // Nor under an epoch that nobody has yet, nor on what is not there.
      await #expect(throws: WorkError.fenced("a")) {
        let lease = Lease(assignment: "a", epoch: old.epoch + 2, isRecovery: false)
        try await fixture.store.commit([fixture.intent(2)], under: lease)
      }
      await #expect(throws: WorkError.unknownAssignment("b")) {
        let lease = Lease(assignment: "b", epoch: 1, isRecovery: false)
        try await fixture.store.commit([fixture.intent(1)], under: lease)
      }
      #expect(
        try await fixture.store.renew([old] + new, for: 1) == [.lost, .held(isAskedToStop: false)]
      )
      #expect(try await fixture.store.assignment("a")?.steps == before?.steps)
      #expect(try await fixture.store.takeNotices(limit: 10, for: 1).isEmpty)
      #expect(try await fixture.rows() == rows)
    }
  }
}
