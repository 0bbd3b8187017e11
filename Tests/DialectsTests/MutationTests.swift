import Testing

@testable import Dialects

/// Short runs of what `Fuzz/` does at length.
@Suite struct MutationTests {
  private static let count: UInt64 = 10_000

  private static func bodies(_ folder: String, _ dialects: [Dialect]) throws -> [(Dialect, [UInt8])]
  {
    try Golden.inputs(in: folder, of: dialects).map { ($0.dialect, try $0.bytes()) }
  }

  private func run(
    _ seeds: [(Dialect, [UInt8])],
    seed: UInt64,
    _ judge: ([UInt8], Dialect, inout WireMutator) -> WireJudge.Verdict
  ) {
    var taken = 0
    for index in 0..<Self.count {
      var mutator = WireMutator(seed: seed &* 0x9E37_79B9 &+ index)
      let (dialect, bytes) = seeds[mutator.below(seeds.count)]
      let input = mutator.mutated(bytes, with: seeds[mutator.below(seeds.count)].1)
      switch judge(input, dialect, &mutator) {
      case .refused: break
      case .taken: taken += 1
      case .broken(let rule):
        Issue.record("input \(index): \(rule)\n\(String(decoding: input, as: UTF8.self))")
        return
      }
    }
    #expect(taken > 0)
  }

  @Test func `mutated JSON is refused or read the same twice`() throws {
    let seeds = try Self.bodies("requests", WireJudge.clients)
    run(seeds, seed: 1) { bytes, _, _ in WireJudge.json(bytes) }
  }

  @Test func `mutated requests are refused or written well`() throws {
    let seeds = try Self.bodies("requests", WireJudge.clients)
    run(seeds, seed: 2) { bytes, dialect, _ in WireJudge.request(bytes, dialect) }
  }

  @Test func `mutated answers are refused or written well`() throws {
    let seeds = try Self.bodies("answers", WireJudge.upstreams)
    run(seeds, seed: 3) { bytes, dialect, _ in WireJudge.answer(bytes, dialect) }
  }

  @Test func `mutated streams that are watched arrive as they were or end in an error`() throws {
    let seeds = try Self.bodies("streams", WireJudge.upstreams)
    run(seeds, seed: 5) { bytes, dialect, mutator in
      let hides = mutator.below(2) == 0
      return WireJudge.tap(bytes, dialect, hidesUsage: hides, piece: 1 + mutator.below(40))
    }
  }

  @Test func `mutated streams break or are written well, however they arrive`() throws {
    let seeds = try Self.bodies("streams", WireJudge.upstreams)
    run(seeds, seed: 4) { bytes, dialect, mutator in
      let client = WireJudge.clients[mutator.below(WireJudge.clients.count)]
      return WireJudge.stream(bytes, dialect, client, piece: 1 + mutator.below(40))
    }
  }
}
