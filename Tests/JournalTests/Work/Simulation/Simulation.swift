@testable import Journal

/// One schedule: workers, people, a disk, a clock and a world, each moment chosen by a seed.
///
/// First everything goes wrong that may; then nothing does any more, and all must come to its end.
///
/// The only clock is the store's, and it jumps, stands still, and steps back a little. What a worker
/// does lies apart in moments (look, decide, write, begin the effect, hear of it), and between any two
/// it may die, or pause for longer than its lease, and go on as if nothing were.
///
/// How an effect ends whose worker has lost the lease is the design's promise, not this machine's: the
/// sealed session dies with its worker, before anybody can see that the worker is dead, and is ended
/// before anybody else acts on the lease. So here it lands before that, or never. What becomes of the
/// rules without this is what ``SimulatedMistake/sessionsOutliveLeases`` and its neighbours show.
final class Simulation {
  /// What is known of an assignment from the outside, beside what the store says.
  struct Witness {
    var epoch: Int64 = 0
    /// Whether someone has the lease and has not let go.
    var isHeld = false
    /// Leases lost since the last step came to its end.
    var losses = 0
    /// How often a person said: again; by sequence.
    var agains = Array(repeating: 0, count: 8)
    /// Whether a person said that it happened.
    var words = Array(repeating: false, count: 8)
    /// Whether a person allowed it before.
    var allowed = Array(repeating: false, count: 8)
    var state = Assignment.State.queued
    var steps = 0
  }

  static let leaseTime: Int64 = 100

  let seed: UInt64
  let mistake: SimulatedMistake?
  let largestRecoveries: Int
  var random: SplitMix
  var store: SimulatedStore
  var world = SimulatedWorld()
  var workers: [SimulatedWorker] = []
  var plans: [SimulatedPlan] = []
  var witnesses = Array(repeating: Witness(), count: 8)
  /// Of notices that a commit promised.
  var promised: [String] = []
  var coverage = SimulationCoverage()
  /// The first invariant that did not hold.
  var broken: String?
  /// Whether nothing goes wrong any more.
  var isCalm = false
  var nextPID: Int32 = 100
  /// Of everything that happened, so that two runs can be compared.
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  private let tells: Bool
  private(set) var story: [String] = []

  init(
    seed: UInt64,
    mistake: SimulatedMistake? = nil,
    tells: Bool = false,
    keepsLog: Bool = false
  ) {
    self.seed = seed
    self.mistake = mistake
    self.tells = tells
    random = SplitMix(seed: seed)
    store = SimulatedStore(now: 1_000_000, mistake: mistake)
    if keepsLog { store.log = [] }
    largestRecoveries = mistake == .neverParks ? .max : 2 + random.below(6)
    for place in 0..<8 {
      plans.append(SimulatedPlan(&random, mayHaveChild: place < SimulatedStore.tops))
    }
    for worker in 0..<2 + random.below(2) {
      nextPID += 1
      let host = worker == 2 ? "there" : "here"
      workers.append(SimulatedWorker(pid: nextPID, host: host))
    }
    for place in 0..<1 + random.below(3) {
      store.assign(
        NewAssignment(
          id: SimulatedStore.names[place],
          text: "t",
          settings: "{}",
          start: random.chance(20) ? store.now + Int64(random.below(200)) : nil
        )
      )
    }
  }

  // MARK: Running

  func run() {
    for _ in 0..<30 + random.below(60) where broken == nil {
      happen()
      check()
    }
    isCalm = true
    var rounds = 0
    while broken == nil, !isOver {
      rounds += 1
      guard rounds < 1_500 else {
        fail("it never ends: \(store.records.compactMap { $0?.assignment })")
        break
      }
      calmRound()
      check()
    }
    finalCheck()
    coverage.schedules = 1
  }

  private var isOver: Bool {
    world.flights.isEmpty && store.notes.allSatisfy { $0.due == nil }
      && store.records.allSatisfy { $0?.assignment.state.isOver ?? true }
      && workers.allSatisfy { $0.lease == nil }
  }

  private func happen() {
    coverage.events += 1
    store.now += Int64(random.below(6))
    switch random.below(100) {
    case 0..<66: work(random.below(workers.count))
    case 66..<70: kill(random.below(workers.count))
    case 70..<75: restart(random.below(workers.count))
    case 75..<79: pause(random.below(workers.count))
    case 79..<82:
      store.now += Int64(random.below(300))
      tell(.clockJumped)
    case 82..<84:
      store.now -= Int64(random.below(50))
      tell(.clockSteppedBack)
    case 84..<88: landSomething()
    case 88..<94: answerSomething()
    case 94..<97: stopOrResume()
    default: deliver()
    }
  }

  private func calmRound() {
    coverage.events += 1
    store.now += 5
    for worker in workers.indices {
      workers[worker].isPaused = false
      if !workers[worker].isAlive { restart(worker) }
      work(worker)
    }
    landSomething()
    answerSomething()
    deliver()
  }

  // MARK: Telling

  func tell(_ fault: SimulationCoverage.Fault) {
    coverage.saw(fault)
    note(fault.rawValue) { "\(fault)" }
  }

  func note(_ code: Int, _ text: () -> String) {
    digest = (digest ^ UInt64(truncatingIfNeeded: code)) &* 0x100_0000_01B3
    digest = (digest ^ UInt64(truncatingIfNeeded: store.now)) &* 0x100_0000_01B3
    if tells { story.append("\(store.now) \(text())") }
  }

  func fail(_ reason: String) {
    if broken == nil {
      broken = reason
      note(-1) { "BROKEN: \(reason)" }
    }
  }
}
