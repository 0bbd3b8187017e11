import Foundation
import Synchronization
import Testing

@testable import Gateway

/// Random work of several threads, held against what they meant to write.
@Suite struct SpoolPropertyTests {
  /// One thread's calls, interleaved at random: some end, some are given up, some stay open.
  private static func work(
    _ spool: Spool,
    seed: UInt64,
    calls: [CallNumber],
    steps: Int
  ) throws -> [CallNumber: ModelAnswer] {
    var random = SplitMix(seed: seed)
    var model: [CallNumber: ModelAnswer] = [:]
    var waiting = calls
    var open: [CallNumber] = []
    for _ in 0..<steps {
      if open.isEmpty || (random.below(6) == 0 && !waiting.isEmpty) {
        guard let call = waiting.popLast() else { break }
        let scope = random.bytes(random.below(60))
        try spool.begin(call, scope: scope, requestHash: [1], response: random.bytes(30))
        model[call] = ModelAnswer(scope: scope)
        open.append(call)
        continue
      }
      let index = random.below(open.count)
      let call = open[index]
      switch random.below(10) {
      case 0:
        let summary = random.bytes(random.below(90))
        try spool.end(call, .complete, summary: summary)
        model[call]?.outcome = .complete
        model[call]?.summary = summary
        open.remove(at: index)
      case 1 where random.below(4) == 0:
        spool.abandon(call)
        open.remove(at: index)
      default:
        // Mostly what a stream brings; now and then what a buffer holds.
        let bound = [0, 1, 200, 4_000, 200_000][min(random.below(9), 4)]
        let piece = random.bytes(bound == 200_000 ? random.below(bound + 1) / 4 : bound)
        try spool.append(piece, to: call)
        model[call]?.pieces.append(piece)
        if random.below(20) == 0 { #expect(try spool.read(call) == model[call]) }
      }
    }
    return model
  }

  @Test(arguments: 1...4)
  func `what several threads write at once is there, now and after opening anew`(
    seed: UInt64
  ) async throws {
    try await withSpool { fixture in
      var options = SpoolOptions()
      // From a segment a record to a few segments in all.
      options.segmentBytes = [1_000, 30_000, 2_000_000][Int(seed % 3)]
      var model: [CallNumber: ModelAnswer] = [:]
      for round in 0..<3 {
        let opened = try fixture.open(options)
        #expect(opened.damage.isEmpty && opened.cutBytes == 0)
        #expect(opened.calls == model.keys.sorted())
        for call in opened.calls { #expect(try opened.spool.read(call) == model[call]) }
        let written = Mutex<[CallNumber: ModelAnswer]>([:])
        let spool = opened.spool
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
          let first = Int64(round * 100 + thread * 20)
          do {
            let own = try Self.work(
              spool,
              seed: seed &* 1_000 &+ UInt64(round * 10 + thread),
              calls: (first..<first + 20).map(CallNumber.init(_:)),
              steps: 120
            )
            written.withLock { $0.merge(own) { $1 } }
          } catch {
            Issue.record("\(error)")
          }
        }
        model.merge(written.withLock { $0 }) { $1 }
        for (call, expected) in model { #expect(try spool.read(call) == expected) }
      }
    }
  }
}
