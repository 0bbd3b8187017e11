@testable import Journal

/// A worker as it stands between two of its moments: it may die, pause, or be cut off at each.
struct SimulatedWorker {
  /// What it saw when it looked: others may have written since.
  struct View {
    let record: SimulatedStore.Record
    let now: Int64
    /// Nil where there is none.
    let isChildOver: Bool?
    /// What the world said of the open step.
    var evidence = StepRecovery.Evidence.none
  }

  /// What it does once its write is on the disk.
  enum Next {
    case look
    case begin(Int)
    /// It has let go of the assignment.
    case rest
  }

  enum Phase {
    case idle
    case looking
    case deciding(View)
    case probing(View, Int)
    case writing([WorkChange], Next)
    /// The intent is on the disk; the effect has not left.
    case beginning(Int)
    /// The effect is under way.
    case awaiting(Int)
    /// The effect has answered.
    case answered(Int)
  }

  var pid: Int32
  let host: String
  var isAlive = true
  var isPaused = false
  var lease: Lease?
  var phase = Phase.idle

  var identity: WorkerIdentity {
    WorkerIdentity(
      host: host,
      process: ProcessIdentity(pid: pid, start: 1, boot: nil, namespace: nil)
    )
  }

  mutating func forget() {
    lease = nil
    phase = .idle
  }
}

/// What an assignment's agent will do.
struct SimulatedPlan {
  enum Poison { case onLooking, onEffect }

  var effects: [EffectClass]
  /// By sequence: whether a person is asked first.
  var asksFirst: [Bool]
  /// Steps after which it gives work to a child, and waits for it.
  var spawnsAfter: Int?
  var napsAfter: Int?
  /// Kills each worker.
  var poison: Poison?

  init(_ random: inout SplitMix, mayHaveChild: Bool) {
    let count = 1 + random.below(4)
    let all = EffectClass.allCases
    // Mostly mixed, sometimes all of one kind.
    let only = random.chance(20) ? all[random.below(all.count)] : nil
    effects = []
    asksFirst = []
    for _ in 0..<count {
      effects.append(only ?? all[random.below(all.count)])
      asksFirst.append(random.chance(12))
    }
    spawnsAfter = mayHaveChild && random.chance(35) ? random.below(count + 1) : nil
    napsAfter = random.chance(15) ? random.below(count + 1) : nil
    if random.chance(12) { poison = random.chance(30) ? .onLooking : .onEffect }
  }
}
