import Foundation
import GRDB
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// What the ledger does where the disk, or another process, does not play along.
@Suite struct LedgerAdversityTests {
  @Test(.enabled(if: canMountDisks, "mounting a small disk needs root"))
  func `on a full disk everyone is told, nothing is half done, and room makes it go on`()
    async throws
  {
    try await withFixture { fixture in
      try execute("mount -t tmpfs -o size=400k,mode=0700 none \(fixture.directory)")
      defer { try? execute("umount -l \(fixture.directory)") }
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      var held: [CallID] = []
      var full = false
      let filler = String(repeating: "x", count: 1_000)
      while !full {
        // Several at once, so that whole batches fail.
        await withTaskGroup(of: Result<Reservation, LedgerError>.self) { group in
          for _ in 0..<8 {
            group.addTask {
              do throws(LedgerError) {
                return .success(
                  try await ledger.reserve(.sample("a", run: filler), in: epoch)
                )
              } catch {
                return .failure(error)
              }
            }
          }
          for await result in group {
            switch result {
            case .success(let reservation): held += [reservation.id].compactMap(\.self)
            case .failure(let error):
              #expect(error == .journal(.diskFull(path: fixture.database.string)))
              full = true
            }
          }
        }
      }
      #expect(try ledger.sums("a") == Sums(reserved: Int64(held.count) * dollar))
      #expect(try ledger.verify() == [])
      try execute("mount -o remount,size=8m \(fixture.directory)")
      for call in held { try await ledger.settle(call, .sample(1)) }
      #expect(try ledger.sums("a") == Sums(spent: Int64(held.count)))
      #expect(try ledger.verify() == [])
      #expect(try fixture.found() == nil)
    }
  }

  @Test func `while another holds the journal everyone waits, is told, and can try again`()
    async throws
  {
    try await withFixture { fixture in
      var options = Ledger.Options()
      options.lockTimeout = .milliseconds(30)
      let ledger = try Ledger.open(directory: fixture.directory, options: options)
      let epoch = try ledger.begin()
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let holder = try DatabaseQueue(path: fixture.database.string, configuration: configuration)
      let held = try await ledger.hold(.sample(), in: epoch)
      try holder.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
      let busy = LedgerError.journal(.busy(path: fixture.database.string))
      #expect(await failure { _ = try await ledger.reserve(.sample(), in: epoch) } == busy)
      #expect(await failure { try await ledger.settle(held, .sample(1)) } == busy)
      try holder.inDatabase { try $0.execute(sql: "COMMIT") }
      try await ledger.settle(held, .sample(1))
      _ = try await ledger.hold(.sample(), in: epoch)
      #expect(try ledger.verify() == [])
    }
  }

  @Test func `a chain that was cut refuses charges, and then reservations, until it holds`()
    async throws
  {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a"))
      let epoch = try ledger.begin()
      var calls: [CallID] = []
      for _ in 0..<2 { calls.append(try await ledger.hold(.sample("a"), in: epoch)) }
      try await ledger.settle(calls[0], .sample(1))
      try fixture.tamper("CREATE TABLE aside AS SELECT * FROM entry; DELETE FROM entry")
      for _ in 0..<2 {
        guard
          case .journal(.chainBroken) = await failure({
            try await ledger.settle(calls[1], .sample(1))
          })
        else {
          Issue.record("a charge joined a broken chain")
          return
        }
        guard
          case .journal(.chainBroken) = await failure({
            _ = try await ledger.reserve(.sample("a"), in: epoch)
          })
        else {
          Issue.record("something was reserved that could not be charged")
          return
        }
      }
      #expect(try ledger.sums("a") == Sums(reserved: dollar, spent: 1))
      try fixture.tamper("INSERT INTO entry SELECT * FROM aside; DROP TABLE aside")
      try await ledger.settle(calls[1], .sample(1))
      _ = try await ledger.hold(.sample("a"), in: epoch)
      #expect(try ledger.verify() == [])
      #expect(try fixture.found() == nil)
    }
  }

  @Test func `every commit of the ledger is synchronous in full`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let modes = try ledger.wait { batch in
        [try Int.fetchOne(batch.database, sql: "PRAGMA synchronous") ?? -1]
      }
      #expect(modes == [2])
    }
  }
}

private let canMountDisks = geteuid() == 0 && access("/usr/bin/mount", X_OK) == 0

private func execute(_ line: String) throws {
  guard system(line) == 0 else { throw Errno.notPermitted }
}
