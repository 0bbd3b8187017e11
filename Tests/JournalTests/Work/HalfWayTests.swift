import Foundation
import GRDB
import SystemPackage
import Testing

@testable import Journal

@Suite struct HalfWayTests {
  @Test func `what fails half-way leaves nothing behind`() async throws {
    let path = NSTemporaryDirectory() + "caisson-half-way-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = try SQLiteWorkStore(directory: FilePath(path))
    _ = try await store.assign(NewAssignment(id: "a", text: "all", settings: "{}"))
    _ = try await store.assign(NewAssignment(id: "b", parent: "a", text: "part", settings: "{}"))
    try await DatabaseQueue(path: path + "/journal.sqlite").write {
      try $0.execute(sql: "UPDATE assignment SET state = 'odd' WHERE id = 'a'")
    }
    // Its end is written before its parent is looked at, which cannot be read.
    await #expect(throws: WorkError.self) { try await store.stop("b", by: "user") }
    #expect(try await store.assignment("b")?.state == .queued)
    guard case .intact(let head, _) = try await store.verify() else {
      Issue.record("the chain does not hold")
      return
    }
    #expect(head.sequence == 2)
    await store.close()
  }
}
