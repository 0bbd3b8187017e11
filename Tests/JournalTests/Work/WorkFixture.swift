import Foundation
import Journal
import JournalPostgres
import Synchronization
import SystemPackage

import class GRDB.DatabaseQueue

/// The stores that keep the contract.
enum StoreKind: CaseIterable, Sendable {
  case sqlite, postgres

  /// Those that can be had on this machine; `PostgresTests` says where one cannot.
  static var here: [StoreKind] {
    PostgresServer.programs == nil ? [.sqlite] : allCases
  }
}

/// A store of its own, and a clock that a test moves.
final class WorkFixture: Sendable {
  let store: any WorkStore
  let worker = WorkerIdentity(host: "here", process: .current())
  private let place: Place
  private let clock = MovedClock()
  private let others = Mutex<[any WorkStore]>([])

  private enum Place {
    case directory(FilePath)
    case database(String)
  }

  static func with(
    _ kind: StoreKind,
    _ body: (WorkFixture) async throws -> Void
  ) async throws {
    let fixture = try await WorkFixture(kind)
    do {
      try await body(fixture)
    } catch {
      await fixture.end()
      throw error
    }
    await fixture.end()
  }

  private init(_ kind: StoreKind) async throws {
    switch kind {
    case .sqlite:
      let path = NSTemporaryDirectory() + "caisson-work-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      place = .directory(FilePath(path))
    case .postgres:
      place = .database(try await PostgresServer.shared().create())
    }
    store = try await Self.open(place, clock)
  }

  private static func open(_ place: Place, _ clock: MovedClock) async throws -> any WorkStore {
    switch place {
    case .directory(let path):
      try SQLiteWorkStore(directory: path) { Journal.now() + clock.shift }
    case .database(let url):
      try await PostgresWorkStore.open(url: url) { clock.shift }
    }
  }

  private func end() async {
    await store.close()
    for other in others.withLock({ $0 }) { await other.close() }
    switch place {
    case .directory(let path): try? FileManager.default.removeItem(atPath: path.string)
    case .database(let url): try? await PostgresServer.shared().drop(url)
    }
  }

  /// The same journal, opened as another process would.
  func another() async throws -> any WorkStore {
    let other = try await Self.open(place, clock)
    others.withLock { $0.append(other) }
    return other
  }

  /// Lets time go by for the store.
  func pass(_ microseconds: Int64) { clock.move(by: microseconds) }

  var now: Int64 { Journal.now() + clock.shift }

  /// Changes what is on record behind the store's back.
  func tamper(_ statements: String) async throws {
    switch place {
    case .directory(let path):
      let queue = try DatabaseQueue(path: path.appending("journal.sqlite").string)
      try await queue.writeWithoutTransaction { try $0.execute(sql: statements) }
      try queue.close()
    case .database(let url): try await PostgresServer.execute(statements, at: url)
    }
  }
}

/// A store's clock, ahead by what a test says.
final class MovedClock: Sendable {
  private let ahead = Mutex<Int64>(0)

  var shift: Int64 { ahead.withLock { $0 } }

  func move(by microseconds: Int64) { ahead.withLock { $0 += microseconds } }
}

// MARK: - What tests do all the time

extension WorkFixture {
  static let hash = String(repeating: "ab", count: 32)
  static let minute: Int64 = 60_000_000

  @discardableResult
  func assign(_ id: String) async throws -> Assignment {
    try await store.assign(NewAssignment(id: id, text: "do \(id)", settings: "{}"))
  }

  /// An assignment of this name, and the lease of it.
  func leased(_ id: String, duration: Int64 = minute) async throws -> Lease {
    try await assign(id)
    return try await lease(id, duration: duration)
  }

  /// The lease of an assignment that there is.
  func lease(
    _ id: String,
    duration: Int64 = minute,
    sight: LeaseRule.Sight = .alive
  ) async throws -> Lease {
    let leases = try await store.lease(request(duration: duration, sight: sight))
    guard let lease = leases.first(where: { $0.assignment == id }) else {
      throw WorkError.conflict("\(id) was not leased")
    }
    return lease
  }

  func request(
    by worker: WorkerIdentity? = nil,
    duration: Int64 = minute,
    limit: Int = 100,
    sight: LeaseRule.Sight = .alive
  ) -> LeaseRequest {
    LeaseRequest(worker: worker ?? self.worker, duration: duration, limit: limit) { _ in sight }
  }

  func state(_ id: String) async throws -> Assignment.State? {
    try await store.assignment(id)?.state
  }

  /// The number of rows of an intact chain.
  func rows() async throws -> Int64 {
    switch try await store.verify() {
    case .intact(let head, uncovered: 0): return head.sequence
    case let other: throw WorkError.conflict("\(other)")
    }
  }

  func intent(_ sequence: Int, _ body: String = "{}") -> WorkChange {
    .intent(
      StepIntent(
        sequence: sequence,
        kind: "tool:bash",
        effect: .opaque,
        hash: Self.hash,
        body: body
      )
    )
  }

  func outcome(_ sequence: Int, _ body: String = "{}") -> WorkChange {
    .outcome(sequence: sequence, StepOutcome(.done, body: body))
  }

  func question(
    _ number: Int = 1,
    hash: String = hash,
    scope: Approval.Scope = .always,
    expires: Int64? = nil
  ) -> WorkChange {
    .ask(
      NewApproval(
        number: number,
        hash: hash,
        action: #"{"run":"git push"}"#,
        scope: scope,
        expires: expires
      )
    )
  }

  func yes(_ scope: Approval.Scope = .once, hash: String = hash) -> ApprovalAnswer {
    ApprovalAnswer(isApproved: true, scope: scope, by: "ann by caisson approve", hash: hash)
  }

  var no: ApprovalAnswer {
    ApprovalAnswer(
      isApproved: false,
      scope: .once,
      by: "ann by caisson deny",
      comment: "not on a Friday",
      hash: Self.hash
    )
  }
}
