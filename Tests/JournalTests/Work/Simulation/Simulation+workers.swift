@testable import Journal

/// The straightforward worker: it leases, looks, settles what is open, writes what it is about to do,
/// does it, and writes what came of it.
extension Simulation {
  /// A worker's next moment.
  func work(_ worker: Int) {
    guard workers[worker].isAlive, !workers[worker].isPaused else { return }
    guard let lease = workers[worker].lease else { return takeOne(worker) }
    let place = SimulatedStore.place(of: lease.assignment)
    if random.chance(25) {
      guard renew(worker, lease) else { return }
    }
    switch workers[worker].phase {
    case .idle: workers[worker].phase = .looking
    case .looking:
      if plans[place].poison == .onLooking { return die(worker, .poisoned) }
      guard let record = store.records[place] else { return }
      workers[worker].phase = .deciding(
        SimulatedWorker.View(
          record: record,
          now: store.now,
          isChildOver: store.isChildOver(place)
        )
      )
    case .deciding(let view): decide(worker, place, view)
    case .probing(var view, let sequence):
      let count = world.counts[place][sequence]
      view.evidence = random.chance(15) ? .unclear : count > 0 ? .happened : .didNotHappen
      note(100 + worker) { "\(worker) sees of \(place).\(sequence): \(view.evidence)" }
      workers[worker].phase = .deciding(view)
    case .writing(let changes, let next): write(worker, lease, changes, next)
    case .beginning(let sequence): begin(worker, lease, place, sequence)
    case .awaiting: _ = renew(worker, lease)
    case .answered(let sequence): conclude(worker, place, sequence)
    }
  }

  // MARK: The lease

  private func takeOne(_ worker: Int) {
    let asking = workers[worker]
    let alive = workers.filter { $0.host == asking.host && $0.isAlive }.map(\.pid)
    var taken: Lease?
    for place in store.order {
      guard let before = store.records[place]?.assignment else { continue }
      let (lease, isParked) = store.take(
        place,
        by: asking.identity,
        for: Self.leaseTime,
        sight: sight(of: before.lease.holder, for: asking),
        largestRecoveries: largestRecoveries
      )
      coverage.saw(before.state, lease, isParked: isParked)
      if isParked { hasParked(place) }
      guard let lease else { continue }
      note(200 + worker) { "\(worker) takes \(place), epoch \(lease.epoch) \(lease.isRecovery)" }
      hasTaken(place, lease, before)
      endSessionsBefore(place)
      workers[worker].lease = lease
      workers[worker].phase = .looking
      taken = lease
      break
    }
    store.note(.lease(asking.identity, alive: alive, largestRecoveries: largestRecoveries, taken))
  }

  private func sight(
    of holder: WorkerIdentity?,
    for asking: SimulatedWorker
  ) -> LeaseRule.Sight {
    guard let holder, holder.host == asking.host else { return .unclear }
    let isAlive = workers.contains { $0.pid == holder.process.pid && $0.isAlive }
    return isAlive ? .alive : .dead
  }

  private func renew(_ worker: Int, _ lease: Lease) -> Bool {
    if store.renew(lease, for: Self.leaseTime) { return true }
    tell(.leaseLost)
    rest(worker)
    return false
  }

  /// It has no lease any more, and ends what it had under way.
  private func rest(_ worker: Int) {
    let pid = workers[worker].pid
    if mistake != .sessionsOutliveLeases { endSessions { $0.pid == pid } }
    workers[worker].forget()
  }

  // MARK: Writing

  private func write(
    _ worker: Int,
    _ lease: Lease,
    _ changes: [WorkChange],
    _ next: SimulatedWorker.Next
  ) {
    let fault = isCalm ? 100 : random.below(100)
    if fault < 3 { return die(worker, .diedBeforeCommit) }
    // Nothing of it is there, and it is tried again.
    if fault < 8 { return tell(.diskFull) }
    do {
      try store.commit(changes, under: lease)
    } catch WorkError.fenced {
      tell(.fenced)
      return rest(worker)
    } catch {
      // It is on the disk already: who wrote did not hear so.
      tell(.conflict)
      workers[worker].phase = .looking
      return
    }
    note(300 + worker) { "\(worker) writes \(changes)" }
    hasWritten(changes, lease)
    if fault < 12 { return die(worker, .diedAfterCommit) }
    if fault < 15 { return tell(.answerUnheard) }
    switch next {
    case .look: workers[worker].phase = .looking
    case .begin(let sequence): workers[worker].phase = .beginning(sequence)
    case .rest: rest(worker)
    }
  }

  // MARK: Effects

  private func begin(_ worker: Int, _ lease: Lease, _ place: Int, _ sequence: Int) {
    guard
      let intent = store.records[place]?.steps.dropFirst(sequence - 1).first?.intent
    else { return fail("an effect begins of which nothing is on record") }
    depart(worker, lease, place, intent)
    guard workers[worker].isAlive, workers[worker].lease != nil else { return }
    workers[worker].phase =
      world.flights.contains {
        $0.pid == workers[worker].pid && $0.epoch == lease.epoch && $0.place == place
      }
      ? .awaiting(sequence) : .answered(sequence)
  }

  /// The effect leaves: it lands now, or is under way.
  func depart(_ worker: Int, _ lease: Lease, _ place: Int, _ intent: StepIntent) {
    let flight = SimulatedWorld.Flight(
      place: place,
      sequence: intent.sequence,
      epoch: lease.epoch,
      pid: workers[worker].pid,
      key: intent.key(in: lease.assignment),
      effect: intent.effect
    )
    let isFenced = lease.epoch != witnesses[place].epoch || !witnesses[place].isHeld
    if isFenced, mistake != .sleepersAct {
      tell(.effectRefused)
      return rest(worker)
    }
    if plans[place].poison == .onEffect {
      if random.chance(40) { land(flight) }
      return die(worker, .poisoned)
    }
    if random.chance(65) { land(flight) } else { world.flights.append(flight) }
  }

  func land(_ flight: SimulatedWorld.Flight) {
    let count = world.land(flight)
    note(400 + flight.place) { "\(flight.place).\(flight.sequence) happens, \(count)" }
    hasLanded(flight, count)
    for worker in workers.indices where workers[worker].pid == flight.pid {
      guard case .awaiting(flight.sequence) = workers[worker].phase,
        workers[worker].lease?.epoch == flight.epoch, workers[worker].isAlive
      else { continue }
      workers[worker].phase = .answered(flight.sequence)
    }
  }

  /// Whoever takes a lease has what was begun under the one before ended first.
  private func endSessionsBefore(_ place: Int) {
    endSessions { flight in
      guard flight.place == place else { return false }
      let isOrphan = !workers.contains { $0.pid == flight.pid && $0.isAlive }
      return mistake != (isOrphan ? .sessionsOutliveWorkers : .sessionsOutliveLeases)
    }
  }

  /// Effects under way whose session ends: each lands now, or never.
  func endSessions(where isMeant: (SimulatedWorld.Flight) -> Bool) {
    guard world.flights.contains(where: isMeant) else { return }
    let ending = world.flights.filter(isMeant)
    world.flights.removeAll(where: isMeant)
    for flight in ending {
      if random.chance(50) {
        tell(.landedLate)
        land(flight)
      } else {
        tell(.lostAtDeath)
      }
    }
  }
}
