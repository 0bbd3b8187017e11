import Foundation
import Testing

@testable import Journal

/// Many schedules of the lease and recovery rules; `CAISSON_SIMULATION_SCHEDULES` says how many.
@Suite struct SimulationTests {
  private struct Finding: Sendable {
    let seed: UInt64
    let reason: String
  }

  private static let environment = ProcessInfo.processInfo.environment
  private static let schedules =
    environment["CAISSON_SIMULATION_SCHEDULES"].flatMap(Int.init) ?? 12_000

  @Test func `no invariant breaks, whatever the clock, the disk and the workers do`() async {
    let shares = 2
    let total = Self.schedules
    var coverage = SimulationCoverage()
    var findings: [Finding] = []
    await withTaskGroup(of: (SimulationCoverage, [Finding]).self) { group in
      for share in 0..<shares {
        group.addTask { Self.run(stride(from: share, to: total, by: shares)) }
      }
      for await (own, found) in group {
        coverage += own
        findings += found
      }
    }
    #expect(coverage.schedules == total)
    for finding in findings.prefix(5) {
      let simulation = Simulation(seed: finding.seed, tells: true)
      simulation.run()
      let story = simulation.story.suffix(60).joined(separator: "\n")
      Issue.record("seed \(finding.seed): \(finding.reason)\n\(story)")
    }
    let seen = coverage.seen
    #expect(Set(seen.keys).subtracting(SimulationCoverage.all) == [])
    if total >= 5_000 { #expect(SimulationCoverage.all.subtracting(seen.keys) == []) }
    if Self.environment["CAISSON_SIMULATION_SCHEDULES"] != nil {
      print("\(coverage.schedules) schedules, \(coverage.events) events")
      for (name, count) in seen.sorted(by: { $0.key < $1.key }) { print("  \(name): \(count)") }
    }
  }

  private static func run(_ seeds: StrideTo<Int>) -> (SimulationCoverage, [Finding]) {
    var coverage = SimulationCoverage()
    var findings: [Finding] = []
    for number in seeds {
      let seed = UInt64(number)
      let simulation = Simulation(seed: seed)
      simulation.run()
      coverage += simulation.coverage
      if let reason = simulation.broken, findings.count < 10 {
        findings.append(Finding(seed: seed, reason: reason))
      }
    }
    return (coverage, findings)
  }

  @Test func `the same seed is the same story`() {
    for seed in 0..<50 as Range<UInt64> {
      let (one, other) = (Simulation(seed: seed), Simulation(seed: seed, tells: true))
      one.run()
      other.run()
      #expect(one.digest == other.digest)
      #expect(!other.story.isEmpty)
    }
  }

  /// Else that it finds nothing says nothing.
  @Test(arguments: SimulatedMistake.allCases)
  func `it finds what is done wrong on purpose`(_ mistake: SimulatedMistake) {
    let found = (0..<5_000 as Range<UInt64>).contains { seed in
      let simulation = Simulation(seed: seed, mistake: mistake)
      simulation.run()
      return simulation.broken?.contains(mistake.symptom) ?? false
    }
    #expect(found, "\(mistake.symptom)")
  }
}
