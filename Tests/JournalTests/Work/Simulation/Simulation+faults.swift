@testable import Journal

/// What goes wrong, and what people do.
extension Simulation {
  // MARK: Workers

  func kill(_ worker: Int) {
    guard workers[worker].isAlive else { return }
    die(worker, .killed)
  }

  /// Its session dies with it, before anybody can see that it is dead.
  func die(_ worker: Int, _ fault: SimulationCoverage.Fault) {
    tell(fault)
    note(600 + worker) { "\(worker) is dead" }
    let pid = workers[worker].pid
    workers[worker].forget()
    workers[worker].isAlive = false
    if mistake != .sessionsOutliveWorkers { endSessions { $0.pid == pid } }
  }

  func restart(_ worker: Int) {
    guard !workers[worker].isAlive else { return }
    nextPID += 1
    workers[worker].pid = nextPID
    workers[worker].isAlive = true
    workers[worker].isPaused = false
  }

  func pause(_ worker: Int) {
    guard workers[worker].isAlive else { return }
    workers[worker].isPaused.toggle()
    if workers[worker].isPaused { tell(.paused) }
  }

  func landSomething() {
    guard !world.flights.isEmpty else { return }
    land(world.flights.remove(at: random.below(world.flights.count)))
  }

  // MARK: People

  func answerSomething() {
    for place in store.records.indices {
      guard let approvals = store.records[place]?.approvals else { continue }
      for index in approvals.indices where approvals[index].state == .pending {
        guard random.chance(50) else { continue }
        return answer(place, index, approvals[index])
      }
    }
  }

  private func answer(_ place: Int, _ index: Int, _ approval: Approval) {
    let number = Int(approval.id.utf8.last ?? 0) - Int(UInt8(ascii: "0"))
    let isApproved = random.chance(50)
    let isSeen = random.chance(90)
    let happened = world.counts[place][number] > 0
    let answer = ApprovalAnswer(
      isApproved: isApproved,
      scope: .once,
      by: "user",
      comment: happened ? "happened" : nil,
      hash: isSeen ? approval.hash : Self.hashes[0]
    )
    do {
      try store.answer(place, index, answer)
    } catch {
      return tell(.answerRefused)
    }
    note(700 + place) { "a person answers \(approval.id): \(isApproved), \(happened)" }
    let isFirst = approval.hash == hash(number, attempt: 0)
    if isFirst {
      if isApproved { witnesses[place].allowed[number] = true }
    } else if isApproved {
      witnesses[place].agains[number] += 1
    } else if happened {
      witnesses[place].words[number] = true
    }
  }

  func stopOrResume() {
    let place = store.order[random.below(store.order.count)]
    guard let state = store.records[place]?.assignment.state else { return }
    if state.isOver {
      do {
        try store.resume(place)
      } catch {
        if state != .done { fail("\(place) is \(state) and cannot be resumed: \(error)") }
        return
      }
      if state == .done { fail("what is done was resumed") }
      tell(.resumed)
      witnesses[place].losses = 0
    } else {
      let isHeld = state == .running
      if random.chance(50) { return }
      store.stop(place)
      tell(.stopped)
      if !isHeld { witnesses[place].isHeld = false }
    }
  }

  // MARK: Notices

  func deliver() {
    for index in store.notes.indices {
      guard let due = store.notes[index].due, due <= store.now else { continue }
      store.notes[index].due = store.now + 50
      if !isCalm, random.chance(30) { return tell(.delivererDied) }
      store.notes[index].deliveries += 1
      // Delivered, and died before the receipt: it is delivered again.
      if !isCalm, random.chance(10) { return tell(.delivererDied) }
      store.notes[index].due = nil
      return
    }
  }
}
