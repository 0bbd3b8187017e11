import Foundation
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Journal

private let own = ProcessIdentity(pid: 10, start: 500, boot: "b", namespace: "n")

@Suite struct RecoveryTests {
  @Test(
    arguments: [
      // A process of this boot and namespace is as it is seen.
      (ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: "n"), false, .gone, .dead),
      (ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: "n"), false, .unclear, .mayRun),
      (
        ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: "n"), false, .running(start: 400),
        .mayRun
      ),
      // Its number was given to another one.
      (
        ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: "n"), false, .running(start: 401),
        .dead
      ),
      // Nothing is known of when it started.
      (
        ProcessIdentity(pid: 9, start: 0, boot: "b", namespace: "n"), false, .running(start: 401),
        .mayRun
      ),
      // Another boot of this machine, whatever runs under the number now.
      (
        ProcessIdentity(pid: 9, start: 400, boot: "a", namespace: "n"), false, .running(start: 400),
        .dead
      ),
      // From another namespace, or an unknown one, nothing can be seen.
      (ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: "m"), false, .gone, .mayRun),
      (ProcessIdentity(pid: 9, start: 400, boot: "b", namespace: nil), false, .gone, .mayRun),
      (ProcessIdentity(pid: 9, start: 400, boot: nil, namespace: "n"), false, .gone, .mayRun),
      // It has said that it ended.
      (ProcessIdentity(pid: 9, start: 400, boot: nil, namespace: nil), true, .unclear, .dead),
      // It is the one who looks.
      (own, false, .gone, .mayRun),
    ] as [(ProcessIdentity, Bool, CallRecovery.Sight, CallRecovery.Fate)]
  )
  func `only a process that is certainly dead is taken over from`(
    process: ProcessIdentity,
    hasEnded: Bool,
    sight: CallRecovery.Sight,
    fate: CallRecovery.Fate
  ) {
    #expect(
      CallRecovery.fate(of: process, hasEnded: hasEnded, seenFrom: own, as: sight) == fate
    )
  }

  @Test func `this process is seen as it is, and a number that nobody has as gone`() throws {
    let current = ProcessIdentity.current()
    #expect(current.start > 0 && current.boot != nil && current.namespace != nil)
    #expect(ProcessIdentity.look(up: getpid()) == .running(start: current.start))
    #expect(ProcessIdentity.look(up: 0x3FFF_FFFF) == .gone)
  }

  @Test func `two gateways leave each other's calls alone`() async throws {
    try await withFixture { fixture in
      let first = try fixture.ledger()
      let second = try fixture.ledger()
      let epochs = [try first.begin(), try second.begin()]
      #expect(epochs[0].id != epochs[1].id)
      _ = try await first.hold(.sample(), in: epochs[0])
      _ = try await second.hold(.sample(), in: epochs[1])
      #expect(try first.orphans() == [])
      #expect(try second.orphans() == [])
    }
  }

  @Test func `what a dead gateway left is settled where it can be proved, and unknown elsewhere`()
    async throws
  {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      try ledger.put(Account(id: "a", limit: 9 * dollar))
      let dead = try ledger.begin(
        ProcessIdentity(pid: 0x3FFF_FFFF, start: 1, boot: "another boot", namespace: nil)
      )
      var calls: [CallID] = []
      for _ in 0..<3 { calls.append(try await ledger.hold(.sample("a"), in: dead)) }
      try await ledger.settle(calls[0], .sample(1))
      #expect(try ledger.orphans().map(\.id) == [calls[1], calls[2]])

      try await ledger.settle(calls[1], .sample(2))
      let unknown = try ledger.markUnknown(calls, outcome: "the gateway died")
      #expect(unknown.map(\.id) == [calls[2]])
      #expect(unknown.map(\.charged) == [dollar])
      #expect(try ledger.orphans() == [])
      #expect(try ledger.unknowns() == unknown)
      #expect(try ledger.sums("a") == Sums(spent: dollar + 3))
      #expect(try ledger.verify() == [])
      guard case .modelCall(let event) = try ledger.journal.rows().last?.event else {
        Issue.record("no row")
        return
      }
      #expect(event.state == .unknown && event.charged == event.ceiling)
    }
  }

  @Test func `a gateway that ends leaves what it did not close`() async throws {
    try await withFixture { fixture in
      let ledger = try fixture.ledger()
      let epoch = try ledger.begin()
      let call = try await ledger.hold(.sample(), in: epoch)
      #expect(try ledger.orphans() == [])
      try ledger.end(epoch)
      #expect(try ledger.orphans().map(\.id) == [call])
    }
  }

  /// Processes reserve and settle until they are killed, and write down what was acknowledged.
  @Test func `killed at any moment, no acknowledged reservation is lost and the sums hold`()
    async throws
  {
    try await withFixture { fixture in
      let directory = fixture.directory.string
      let setUp = try fixture.ledger()
      try setUp.put([Account(id: "team"), Account(id: "key", parent: "team")])
      setUp.close()
      for round in 0..<6 {
        await withTaskGroup(of: Void.self) { group in
          for writer in 0..<2 {
            let lifetime = UInt32(round * 11_000 + writer * 7_000 + 15_000)
            let log = "\(directory)/acknowledged-\(round)-\(writer)"
            group.addTask {
              await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                  directory = directory as String, lifetime = lifetime as UInt32,
                  log = log as String
                ]
                in
                try await Self.spend(directory, dyingAfter: lifetime, log: log)
              }
            }
          }
        }
        let ledger = try Ledger.open(directory: fixture.directory)
        #expect(try ledger.verify() == [], "round \(round)")
        guard case .intact = try ledger.journal.verify() else {
          Issue.record("round \(round): \(try ledger.journal.verify())")
          return
        }
        let orphans = try ledger.orphans()
        for writer in 0..<2 {
          let log = FilePath("\(directory)/acknowledged-\(round)-\(writer)")
          for (id, isSettled) in try Self.acknowledged(log) {
            let call = try #require(try ledger.call(id))
            #expect(call.state == .settled || (!isSettled && orphans.contains(call)))
          }
        }
        try ledger.markUnknown(orphans.map(\.id), outcome: "killed")
        #expect(try ledger.sums("team")?.reserved == 0)
        #expect(try ledger.sums("team") == ledger.sums("key"))
        #expect(try ledger.verify() == [])
        ledger.close()
      }
      let ledger = try fixture.ledger()
      #expect(try !ledger.unknowns().isEmpty)
    }
  }

  private static func spend(
    _ directory: String,
    dyingAfter lifetime: UInt32,
    log: String
  ) async throws {
    let file = try FileDescriptor.open(
      FilePath(log),
      .writeOnly,
      options: [.create, .append],
      permissions: .ownerReadWrite
    )
    let ledger = try Ledger.open(directory: FilePath(directory))
    let epoch = try ledger.begin()
    Thread.detachNewThread {
      usleep(lifetime)
      kill(getpid(), SIGKILL)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<8 {
        group.addTask {
          while true {
            let call = try await ledger.hold(.sample("key", run: "run\(caller)"), in: epoch)
            // One write each: a line is whole or not there.
            try file.writeAll("r \(call.number)\n".utf8)
            try await ledger.settle(call, .sample(Int64(caller)))
            try file.writeAll("s \(call.number)\n".utf8)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func acknowledged(_ log: FilePath) throws -> [CallID: Bool] {
    guard let data = try? Data(contentsOf: URL(filePath: log.string)) else { return [:] }
    var calls: [CallID: Bool] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = Int64(words[1]) else { continue }
      calls[CallID(number), default: false] = words[0] == "s"
    }
    return calls
  }
}
