import Foundation
import Journal
import SystemPackage

/// The stores that keep the contract.
enum StoreKind: CaseIterable, Sendable {
  case sqlite
}

/// A store of its own, and a clock that a test moves.
final class WorkFixture: Sendable {
  let store: any WorkStore
  let worker: WorkerIdentity
  private let directory: FilePath

  static func with(
    _ kind: StoreKind,
    _ body: (WorkFixture) async throws -> Void
  ) async throws {
    let fixture = try WorkFixture(kind)
    do {
      try await body(fixture)
    } catch {
      await fixture.end()
      throw error
    }
    await fixture.end()
  }

  private init(_ kind: StoreKind) throws {
    let path = NSTemporaryDirectory() + "caisson-work-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    directory = FilePath(path)
    switch kind {
    case .sqlite: store = try SQLiteWorkStore(directory: directory)
    }
    worker = WorkerIdentity(host: "here", process: .current())
  }

  private func end() async {
    await store.close()
    try? FileManager.default.removeItem(atPath: directory.string)
  }

  static let hash = String(repeating: "ab", count: 32)

  /// An assignment of this name, and the lease of it.
  func leased(_ id: String, duration: Int64 = 60_000_000) async throws -> Lease {
    _ = try await store.assign(NewAssignment(id: id, text: "do \(id)", settings: "{}"))
    let leases = try await store.lease(request(duration: duration))
    guard let lease = leases.first(where: { $0.assignment == id }) else {
      throw WorkError.conflict("\(id) was not leased")
    }
    return lease
  }

  func request(
    by worker: WorkerIdentity? = nil,
    duration: Int64 = 60_000_000,
    sight: LeaseRule.Sight = .alive
  ) -> LeaseRequest {
    LeaseRequest(worker: worker ?? self.worker, duration: duration, limit: 100) { _ in sight }
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
}
