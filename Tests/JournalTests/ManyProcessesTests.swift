import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Journal

@Suite struct ManyProcessesTests {
  @Test func `several processes write one chain, from the first use on`() async throws {
    try await withFixture { fixture in
      let writers = 4
      let rows = 50
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<writers {
          let directory = fixture.directory.string
          group.addTask {
            await #expect(processExitsWith: .success) {
              [directory = directory as String, writer = writer as Int, rows = rows as Int] in
              let journal = try Journal.open(directory: FilePath(directory))
              for number in 1...rows {
                try journal.append(.denial(.sample(number)), run: "w\(writer)")
              }
            }
          }
        }
        try await group.waitForAll()
      }
      let journal = try fixture.open()
      guard case .intact(let head, uncovered: 0) = try journal.verify() else {
        Issue.record("\(try journal.verify())")
        return
      }
      #expect(head.sequence == Int64(writers * rows))
      for writer in 0..<writers {
        let own = try journal.rows(run: "w\(writer)").map(\.event)
        #expect(own == (1...rows).map { .denial(.sample($0)) })
      }
    }
  }

  @Test func `writers that are killed at any moment leave a whole chain`() async throws {
    try await withFixture { fixture in
      let directory = fixture.directory.string
      for round in 0..<5 {
        await withTaskGroup(of: Void.self) { group in
          for writer in 0..<3 {
            // From the opening itself to well into the writing.
            let lifetime = UInt32(round * 9_000 + writer * 4_000 + 500)
            group.addTask {
              await #expect(processExitsWith: .signal(SIGKILL)) {
                [directory = directory as String, lifetime = lifetime as UInt32] in
                Thread.detachNewThread {
                  usleep(lifetime)
                  kill(getpid(), SIGKILL)
                }
                let journal = try Journal.open(directory: FilePath(directory))
                while true {
                  try journal.append([.denial(.sample(1)), .denial(.sample(2))], run: "w")
                }
              }
            }
          }
        }
        let journal = try fixture.open()
        guard case .intact(let head, _) = try journal.verify() else {
          Issue.record("after round \(round): \(try journal.verify())")
          return
        }
        // All or nothing: rows came in pairs.
        #expect(head.sequence % 2 == 0)
        journal.close()
      }
      #expect(try fixture.open().rows(limit: 2).count == 2)
    }
  }
}
