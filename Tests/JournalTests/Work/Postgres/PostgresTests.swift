import Foundation
import Journal
import Synchronization
import Testing

@testable import JournalPostgres

/// What PostgreSQL is asked beside the contract that all stores keep.
@Suite(.enabled(if: PostgresServer.programs != nil, "PostgreSQL is not installed"))
struct PostgresTests {
  @Test func `a commit waits for the disk, whatever the server's default`() async throws {
    try await withDatabase { url in
      try await PostgresServer.execute(
        "ALTER DATABASE \"\(name(of: url))\" SET synchronous_commit = off",
        at: url
      )
      var session = PostgresSession(try PostgresAddress(url)) { 0 }
      _ = try await PostgresWorkStore.open(url: url).close()
      #expect(try session.setting("synchronous_commit") == "on")
      session.close()
    }
  }

  @Test func `a newer journal and another program's schema are left alone`() async throws {
    try await withDatabase { url in
      let store = try await PostgresWorkStore.open(url: url)
      _ = try await store.assign(NewAssignment(id: "a", text: "t", settings: "{}"))
      await store.close()
      try await PostgresServer.execute("INSERT INTO format (version) VALUES (9)", at: url)
      let error = await #expect(throws: WorkError.self) {
        try await PostgresWorkStore.open(url: url)
      }
      #expect(error?.description.contains("format 9, this one knows 1") == true)
      try await PostgresServer.execute("DROP TABLE format", at: url)
      let foreign = await #expect(throws: WorkError.self) {
        try await PostgresWorkStore.open(url: url)
      }
      #expect(foreign?.description.contains("another program") == true)
      #expect(
        try await PostgresServer.value("SELECT count(*)::text FROM assignment", at: url) == "1"
      )
    }
  }

  @Test func `many open a new journal at once`() async throws {
    try await withDatabase { url in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<6 {
          group.addTask {
            let store = try await PostgresWorkStore.open(url: url)
            _ = try await store.assign(NewAssignment(id: "a\(number)", text: "t", settings: "{}"))
            await store.close()
          }
        }
        try await group.waitForAll()
      }
      let store = try await PostgresWorkStore.open(url: url)
      let found = try await store.assignments(AssignmentFilter())
      #expect(found.count == 6)
      await store.close()
      // Each has taken its own row away.
      #expect(try await PostgresServer.value("SELECT count(*)::text FROM writer", at: url) == "0")
    }
  }

  @Test(arguments: [
    "postgres://ann:secret-word@[::1", "postgres://ann:secret-word@127.0.0.1:1/x?sslmode=odd",
    "postgres://ann:secret-word@127.0.0.1:1/x", "postgres://ann:secret%2Dword@nowhere.invalid/x",
    "postgres://ann@127.0.0.1:1/x?password=secret-word",
    "postgres://127.0.0.1:99999999/secret-word",
    "host=127.0.0.1 port=1 password=secret-word", "postgres://", "",
  ])
  func `what cannot be reached is named without the password`(url: String) async throws {
    let error = await #expect(throws: WorkError.self) {
      try await PostgresWorkStore.open(url: url)
    }
    let text = try #require(error?.description)
    if !url.hasSuffix("/secret-word") { #expect(!text.contains("secret"), "\(text)") }
  }

  @Test func `a head that is gone is missed`() async throws {
    try await withDatabase { url in
      let store = try await PostgresWorkStore.open(url: url)
      _ = try await store.assign(NewAssignment(id: "a", text: "t", settings: "{}"))
      try await PostgresServer.execute("DELETE FROM head", at: url)
      #expect(try await store.verify() == .broken(Break(sequence: 1, cause: .headMissing)))
      await #expect(throws: WorkError.self) {
        try await store.assign(NewAssignment(id: "b", text: "t", settings: "{}"))
      }
      await store.close()
    }
  }

  @Test func `a server that is away for too long is told, and found again`() async throws {
    let server = try await PostgresServer()
    defer { server.stop() }
    let store = try await PostgresWorkStore.open(
      url: server.url("postgres"),
      patience: .milliseconds(300)
    )
    _ = try await store.assign(NewAssignment(id: "a", text: "t", settings: "{}"))
    try await server.kill()
    let error = await #expect(throws: WorkError.self) {
      try await store.assign(NewAssignment(id: "b", text: "t", settings: "{}"))
    }
    guard case .unavailable(let text) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(!text.contains("secret-word"))
    await #expect(throws: WorkError.self) { try await store.assignment("a") }
    try await server.start()
    #expect(try await store.assignment("a")?.text == "t")
    _ = try await store.assign(NewAssignment(id: "c", text: "t", settings: "{}"))
    await store.close()
  }

  /// What was returned as done is there, and nothing twice, wherever the kill falls.
  @Test func `a server killed amid commits loses nothing and repeats nothing`() async throws {
    let server = try await PostgresServer()
    defer { server.stop() }
    let stores = [
      try await PostgresWorkStore.open(url: server.url("postgres")),
      try await PostgresWorkStore.open(url: server.url("postgres")),
    ]
    let crowd = 8
    let steps = 25
    for number in 0..<crowd {
      _ = try await stores[0].assign(NewAssignment(id: "a\(number)", text: "t", settings: "{}"))
    }
    let worker = WorkerIdentity(host: "here", process: .current())
    let leases = try await stores[0].lease(
      LeaseRequest(worker: worker, duration: 600_000_000, limit: 100) { _ in .alive }
    )
    try #require(leases.count == crowd)
    let done = Count()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, lease) in leases.enumerated() {
        let store = stores[index % 2]
        group.addTask {
          for step in 1...steps {
            let intent = StepIntent(
              sequence: step,
              kind: "tool:bash",
              effect: .opaque,
              hash: WorkFixture.hash,
              body: "{}"
            )
            // Each throws where it was done twice: a step follows the one before, and ends once.
            try await store.commit([.intent(intent)], under: lease)
            try await store.commit(
              [.outcome(sequence: step, StepOutcome(.done, body: "\(step)"))],
              under: lease
            )
            done.add()
          }
        }
      }
      group.addTask {
        for share in [1, 2, 3] {
          while done.value < crowd * steps * share / 4 {
            try await Task.sleep(for: .milliseconds(1))
          }
          try await server.kill()
          try await server.start()
        }
      }
      try await group.waitForAll()
    }
    for lease in leases {
      let found = try await stores[0].steps(of: lease.assignment, after: 0)
      #expect(found.map(\.outcome?.body) == (1...steps).map { "\($0)" })
    }
    guard case .intact(let head, uncovered: 0) = try await stores[1].verify() else {
      Issue.record("the chain does not hold")
      return
    }
    #expect(head.sequence == Int64(crowd * (2 + 2 * steps)))
    for store in stores { await store.close() }
  }

  @Test func `a connection that breaks in a commit is resolved by the number it wrote`()
    async throws
  {
    try await withDatabase { url in
      let store = try await PostgresWorkStore.open(url: url)
      let done = Count()
      try await withThrowingTaskGroup(of: Void.self) { group in
        // The server ends the writer's connection time after time, wherever that may be.
        group.addTask {
          for next in stride(from: 2, to: 100, by: 5) {
            while done.value < next { try await Task.sleep(for: .milliseconds(1)) }
            try await PostgresServer.execute(
              """
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database()
                  AND application_name ~ '^caisson [0-9a-f]{8}-'
              """,
              at: url
            )
          }
        }
        for crowd in 0..<4 {
          group.addTask {
            for number in 0..<25 {
              let made = try await store.assign(
                NewAssignment(id: "a\(crowd)-\(number)", text: "t", settings: "{}")
              )
              #expect(made.id == "a\(crowd)-\(number)")
              done.add()
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.assignments(AssignmentFilter()).count == 100)
      guard case .intact(let head, uncovered: 0) = try await store.verify() else {
        Issue.record("the chain does not hold")
        return
      }
      #expect(head.sequence == 100)
      await store.close()
    }
  }

  @Test func `a commit of which nobody heard is not done again`() async throws {
    try await withDatabase { url in
      let server = try await PostgresServer.shared()
      let proxy = try CuttingProxy(to: server.port)
      defer { proxy.stop() }
      let store = try await PostgresWorkStore.open(
        url: url.replacing(":\(server.port)/", with: ":\(proxy.port)/")
      )
      let worker = WorkerIdentity(host: "here", process: .current())
      let request = LeaseRequest(worker: worker, duration: 600_000_000, limit: 9) { _ in .alive }
      // With a row in the chain, and with none.
      proxy.arm()
      let made = try await store.assign(NewAssignment(id: "a", text: "t", settings: "{}"))
      #expect(made.state == .queued)
      proxy.arm()
      let lease = try #require(try await store.lease(request).first)
      proxy.arm()
      try await store.commit([.letGo], under: lease)
      #expect(try await store.lease(request).map(\.epoch) == [2])
      try await store.schedule(
        Schedule(id: "s", text: "t", settings: "{}", every: nil, due: nil)
      )
      proxy.arm()
      try await store.removeSchedule("s")
      #expect(proxy.cuts == 4)
      guard case .intact(let head, uncovered: 0) = try await store.verify() else {
        Issue.record("the chain does not hold")
        return
      }
      #expect(head.sequence == 3)
      await store.close()
    }
  }

  private func name(of url: String) -> String {
    url.split(separator: "/").last.map(String.init) ?? ""
  }

  private func withDatabase(_ body: (String) async throws -> Void) async throws {
    let server = try await PostgresServer.shared()
    let url = try await server.create()
    do {
      try await body(url)
    } catch {
      try await server.drop(url)
      throw error
    }
    try await server.drop(url)
  }
}

/// What several tasks count together.
private final class Count: Sendable {
  private let count = Mutex(0)

  var value: Int { count.withLock { $0 } }

  func add() { count.withLock { $0 += 1 } }
}
