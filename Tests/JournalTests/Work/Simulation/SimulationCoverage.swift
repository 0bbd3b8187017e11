@testable import Journal

/// What the schedules have come by, so that a simulation that sees nothing is not taken for one that
/// finds nothing.
struct SimulationCoverage {
  enum Fault: Int, CaseIterable {
    case killed, diedBeforeCommit, diedAfterCommit, answerUnheard, diskFull
    case paused, clockJumped, clockSteppedBack, poisoned
    case fenced, conflict, leaseLost, effectRefused, landedLate, lostAtDeath
    case answerRefused, stopped, resumed, questionExpired, delivererDied
  }

  private(set) var decisions = Array(repeating: 0, count: 7 * 4)
  private(set) var verdicts = Array(repeating: 0, count: 5 * 8)
  private(set) var faults = Array(repeating: 0, count: Fault.allCases.count)
  private(set) var ends = Array(repeating: 0, count: 7)
  var schedules = 0
  var events = 0

  static let verdicts: [StepRecovery.Verdict] = [
    .runAgain, .sendAgainWithSameKey, .probe, .askPerson, .recordAsHappened, .closeAsInterrupted,
    .closeAsNotHappened, .giveUp,
  ]

  // MARK: Counting

  mutating func saw(_ fault: Fault) { faults[fault.rawValue] += 1 }

  mutating func saw(_ state: Assignment.State, _ lease: Lease?, isParked: Bool) {
    let decision = isParked ? 2 : lease.map { $0.isRecovery ? 1 : 0 } ?? 3
    decisions[Self.index(state) * 4 + decision] += 1
  }

  mutating func saw(_ effect: EffectClass, _ verdict: StepRecovery.Verdict) {
    let row = EffectClass.allCases.firstIndex(of: effect) ?? 0
    verdicts[row * 8 + (Self.verdicts.firstIndex(of: verdict) ?? 0)] += 1
  }

  mutating func sawEnd(_ state: Assignment.State) { ends[Self.index(state)] += 1 }

  private static func index(_ state: Assignment.State) -> Int {
    Assignment.State.allCases.firstIndex(of: state) ?? 0
  }

  static func += (sum: inout Self, other: Self) {
    for index in sum.decisions.indices { sum.decisions[index] += other.decisions[index] }
    for index in sum.verdicts.indices { sum.verdicts[index] += other.verdicts[index] }
    for index in sum.faults.indices { sum.faults[index] += other.faults[index] }
    for index in sum.ends.indices { sum.ends[index] += other.ends[index] }
    sum.schedules += other.schedules
    sum.events += other.events
  }

  // MARK: Telling

  private static let decisionNames = ["take", "recover", "park", "leave"]

  /// What was seen, by name, with how often.
  var seen: [String: Int] {
    var seen: [String: Int] = [:]
    for (row, state) in Assignment.State.allCases.enumerated() {
      for column in 0..<4 where decisions[row * 4 + column] > 0 {
        seen["\(state): \(Self.decisionNames[column])"] = decisions[row * 4 + column]
      }
      if ends[row] > 0 { seen["ended \(state)"] = ends[row] }
    }
    for (row, effect) in EffectClass.allCases.enumerated() {
      for column in 0..<8 where verdicts[row * 8 + column] > 0 {
        seen["\(effect): \(Self.verdicts[column])"] = verdicts[row * 8 + column]
      }
    }
    for fault in Fault.allCases where faults[fault.rawValue] > 0 {
      seen["fault \(fault)"] = faults[fault.rawValue]
    }
    return seen
  }

  /// What may be seen at all.
  static let all: Set<String> = {
    var all: Set<String> = [
      "queued: take", "queued: leave", "waiting: take", "waiting: leave", "running: recover",
      "running: park", "running: leave", "done: leave", "failed: leave", "stopped: leave",
      "parked: leave",
      "ended done", "ended failed", "ended stopped", "ended parked",
      "pure: runAgain", "pure: giveUp",
      "keyed: sendAgainWithSameKey",
      "probed: probe", "probed: runAgain", "probed: closeAsNotHappened", "probed: askPerson",
      "probed: recordAsHappened", "probed: closeAsInterrupted",
      "contained: closeAsInterrupted",
      "opaque: askPerson", "opaque: runAgain", "opaque: recordAsHappened",
      "opaque: closeAsInterrupted",
    ]
    for fault in Fault.allCases { all.insert("fault \(fault)") }
    return all
  }()
}
