@testable import Journal

/// What must hold, whatever happens.
extension Simulation {
  // MARK: As it happens

  func hasTaken(_ place: Int, _ lease: Lease, _ before: Assignment) {
    if lease.epoch <= witnesses[place].epoch { fail("epoch \(lease.epoch) is given twice") }
    if lease.isRecovery != witnesses[place].isHeld {
      fail("\(place) is taken as recovery: \(lease.isRecovery), but held: \(!lease.isRecovery)")
    }
    if lease.isRecovery {
      witnesses[place].losses += 1
      let isInTime = before.lease.until > store.now
      let isAlive = workers.contains {
        $0.isAlive && $0.pid == before.lease.holder?.process.pid
      }
      if isInTime, isAlive { fail("\(place) is taken from a living worker in its time") }
    }
    witnesses[place].epoch = lease.epoch
    witnesses[place].isHeld = true
  }

  func hasParked(_ place: Int) {
    witnesses[place].isHeld = false
    if witnesses[place].losses < largestRecoveries {
      fail("\(place) is set aside after \(witnesses[place].losses) losses")
    }
    let dedupe = "parked:\(SimulatedStore.names[place]):\(witnesses[place].epoch)"
    promised.append(dedupe)
    note(800 + place) { "\(place) is set aside" }
  }

  func hasWritten(_ changes: [WorkChange], _ lease: Lease) {
    let place = SimulatedStore.place(of: lease.assignment)
    if lease.epoch != witnesses[place].epoch || !witnesses[place].isHeld {
      fail("a write under the old epoch \(lease.epoch) of \(place) is taken")
    }
    for change in changes {
      switch change {
      case .outcome(let sequence, let outcome):
        if outcome.status == .done || outcome.status == .failed { witnesses[place].losses = 0 }
        let count = world.counts[place][sequence]
        if outcome.status == .done, count == 0, !witnesses[place].words[sequence] {
          fail("\(place).\(sequence) is recorded as done and did not happen")
        }
        if outcome.status == .notHappened, count > 0 {
          fail("\(place).\(sequence) is recorded as not having happened, and did")
        }
      case .notify(_, _, let dedupe): promised.append(dedupe)
      case .wait, .letGo, .end: witnesses[place].isHeld = false
      case .intent, .again, .ask, .close, .spawn: break
      }
    }
  }

  func hasLanded(_ flight: SimulatedWorld.Flight, _ count: Int) {
    let (place, sequence) = (flight.place, flight.sequence)
    guard let step = store.records[place]?.steps.dropFirst(sequence - 1).first else {
      return fail("\(place).\(sequence) happens before it is on record")
    }
    let most: Int
    switch flight.effect {
    case .pure: most = step.attempts
    case .keyed: most = 1
    case .probed, .contained, .opaque: most = 1 + witnesses[place].agains[sequence]
    }
    if count > most {
      fail("\(place).\(sequence) (\(flight.effect)) happens \(count) times, \(most) at most")
    }
    if step.status == .notHappened {
      fail("\(place).\(sequence) happens after it was recorded as not having happened")
    }
    if plans[place].asksFirst[sequence - 1], !witnesses[place].allowed[sequence] {
      fail("\(place).\(sequence) happens without a person's leave")
    }
  }

  // MARK: After each event

  func check() {
    if let broken = store.broken { fail(broken) }
    for place in store.records.indices {
      guard let record = store.records[place] else { continue }
      let now = record.assignment
      let then = witnesses[place]
      if then.state == .done, now.state != .done { fail("\(place) was done, and is \(now.state)") }
      if now.lease.epoch != then.epoch { fail("\(place) has an epoch that nobody was given") }
      if now.steps < then.steps || now.steps != record.steps.count {
        fail("\(place) has lost steps")
      }
      if (now.state == .running) != (now.lease.holder != nil) {
        fail("\(place) is \(now.state), holder \(String(describing: now.lease.holder))")
      }
      if (now.state == .running) != then.isHeld {
        fail("\(place) is \(now.state) and held otherwise")
      }
      if now.isAskedToStop, now.state != .running {
        fail("\(place) does not hear that it is to stop")
      }
      checkWaiting(place, record)
      witnesses[place].state = now.state
      witnesses[place].steps = now.steps
    }
  }

  /// Who waits, waits for something that will come.
  private func checkWaiting(_ place: Int, _ record: SimulatedStore.Record) {
    let now = record.assignment
    if (now.state == .waiting) != (now.waiting != nil) {
      fail("\(place) is \(now.state), for \(now.waiting ?? "nothing")")
    }
    if let what = now.waiting, store.isThere(what, place) {
      fail("\(place) waits for \(what), which is there")
    }
    if now.state.isOver, record.approvals.contains(where: { $0.state == .pending }) {
      fail("\(place) is over and asks")
    }
  }

  // MARK: In the end

  func finalCheck() {
    for place in store.records.indices {
      guard let record = store.records[place] else { continue }
      let state = record.assignment.state
      coverage.sawEnd(state)
      if state == .done, record.steps.contains(where: { $0.status == nil }) {
        fail("\(place) is done, and a step is open")
      }
      if state == .done, record.steps.count != plans[place].effects.count {
        fail("\(place) is done after \(record.steps.count) steps")
      }
      // A poisoned one never comes to its end as if nothing were.
      if state == .done, plans[place].poison == .onLooking {
        fail("\(place) is done, and cannot be")
      }
    }
    for dedupe in promised {
      guard let note = store.notes.first(where: { $0.dedupe == dedupe }), note.deliveries > 0 else {
        if broken == nil { fail("the notice \(dedupe) is lost") }
        return
      }
    }
  }
}
