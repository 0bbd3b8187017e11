import Glibc
import Synchronization
import Testing

@testable import Inference

@Suite struct TeamTests {
  @Test(arguments: [1, 2, 3, 8]) func `every unit is done once`(threads: Int) {
    let team = Team(threads: threads)
    for (count, grain) in [(1, 1), (2, 1), (7, 3), (64, 64), (65, 64), (1000, 1), (1003, 16)] {
      let done = Counters(count)
      team.each(count, grain: grain) { part, thread in
        #expect(part.lowerBound % grain == 0)
        #expect(part.upperBound % grain == 0 || part.upperBound == count)
        #expect((0..<team.threads).contains(thread))
        for unit in part { done.add(unit) }
      }
      #expect(done.values == [Int](repeating: 1, count: count))
    }
    team.each(0, grain: 1) { _, _ in Issue.record("called for nothing") }
  }

  @Test func `a thread never runs two parts at once`() {
    let team = Team(threads: 4)
    let inside = Counters(team.threads)
    let overlaps = Counters(1)
    for _ in 0..<500 {
      team.each(64, grain: 1) { _, thread in
        if inside.add(thread) != 0 { overlaps.add(0) }
        inside.subtract(thread)
      }
    }
    #expect(overlaps.values == [0])
  }

  @Test func `what is written in one piece of work is seen in the next`() {
    let team = Team(threads: 3)
    let count = 257
    let numbers = UnsafeMutablePointer<Int>.allocate(capacity: count)
    defer { numbers.deallocate() }
    numbers.initialize(repeating: 0, count: count)
    nonisolated(unsafe) let shared = numbers
    for _ in 0..<2_000 {
      // Each reads what a neighbour's part, perhaps on another thread, has written the time before.
      let sum = shared[0] + shared[count - 1]
      team.each(count, grain: 8) { part, _ in
        for i in part { shared[i] += 1 }
      }
      #expect(sum + 2 == shared[0] + shared[count - 1])
    }
    #expect((0..<count).allSatisfy { numbers[$0] == 2_000 })
  }

  @Test func `callers on several threads take turns`() async {
    let team = Team(threads: 2)
    let done = Counters(100)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<50 { team.each(100, grain: 1) { part, _ in for i in part { done.add(i) } } }
        }
      }
    }
    #expect(done.values == [Int](repeating: 400, count: 100))
  }

  @Test func `a team that ends leaves no thread behind`() throws {
    let before = try threadCount()
    for _ in 0..<20 {
      let team = Team(threads: 4)
      team.each(8, grain: 1) { _, _ in }
    }
    // Other tests' threads come and go.
    #expect(try threadCount() < before + 40)
  }

  private func threadCount() throws -> Int {
    let folder = try #require(opendir("/proc/self/task"))
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}

/// Counts that several threads change.
private final class Counters: Sendable {
  private let counts: Mutex<[Int]>

  init(_ count: Int) { counts = Mutex([Int](repeating: 0, count: count)) }

  var values: [Int] { counts.withLock { $0 } }

  /// The count before.
  @discardableResult func add(_ index: Int) -> Int {
    counts.withLock { counts in
      defer { counts[index] += 1 }
      return counts[index]
    }
  }

  func subtract(_ index: Int) { counts.withLock { $0[index] -= 1 } }
}
