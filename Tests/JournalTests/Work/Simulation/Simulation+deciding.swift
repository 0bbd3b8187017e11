@testable import Journal

/// What a worker decides by what it saw.
extension Simulation {
  static let hashes = (0..<128).map { number in
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  /// Of the question whether a step may be made at all, and whether its effect is repeated.
  func hash(_ sequence: Int, attempt: Int) -> String {
    let attempt = mistake == .oldAnswersCount && attempt > 0 ? 1 : attempt
    return Self.hashes[min(sequence * 16 + attempt, 127)]
  }

  func decide(_ worker: Int, _ place: Int, _ view: SimulatedWorker.View) {
    let record = view.record
    if record.assignment.isAskedToStop {
      return plan(worker, [.end(.stopped, reason: "asked to")], .rest)
    }
    if let index = record.steps.firstIndex(where: { $0.status == nil }) {
      return settle(worker, place, view, record.steps[index])
    }
    let made = record.steps.count
    let plan = plans[place]
    if plan.spawnsAfter == made, place < SimulatedStore.tops {
      switch view.isChildOver {
      case nil: return spawn(worker, place)
      case false: return self.plan(worker, [.wait(for: "children", wake: nil)], .rest)
      case true: break
      }
    }
    let morning = record.assignment.created + 150
    if plan.napsAfter == made, view.now < morning {
      return self.plan(worker, [.wait(for: "time", wake: morning)], .rest)
    }
    if random.chance(4) { return self.plan(worker, [.letGo], .rest) }
    guard made < plan.effects.count else { return end(worker, place) }
    if plan.asksFirst[made] {
      askFirst(worker, place, view, made + 1)
    } else {
      goOn(worker, place, made + 1, [])
    }
  }

  private func plan(_ worker: Int, _ changes: [WorkChange], _ next: SimulatedWorker.Next) {
    workers[worker].phase = .writing(changes, next)
  }

  // MARK: An open step

  private func settle(
    _ worker: Int,
    _ place: Int,
    _ view: SimulatedWorker.View,
    _ step: SimulatedStore.Step
  ) {
    let sequence = step.intent.sequence
    let effect = step.intent.effect
    if mistake == .believes {
      return plan(worker, [.outcome(sequence: sequence, StepOutcome(.done, body: "{}"))], .look)
    }
    var evidence = view.evidence
    let hash = hash(sequence, attempt: step.attempts)
    let question = find(sequence, hash, in: view)
    switch question?.state {
    case nil, .superseded: break
    case .pending: return wait(worker, place, view, question)
    case .approved: evidence = .personSaysAgain
    case .denied:
      evidence = question?.comment == "happened" ? .personSaysHappened : .personSaysSkip
    case .timedOut, .noChannel: evidence = .nobodyAnswered
    }
    let verdict = StepRecovery.verdict(effect, attempts: step.attempts, evidence: evidence)
    coverage.saw(effect, verdict)
    note(500 + worker) { "\(worker) settles \(place).\(sequence) by \(verdict)" }
    let status: StepOutcome.Status
    switch verdict {
    case .askPerson where mistake == .guesses, .runAgain, .sendAgainWithSameKey:
      return plan(worker, [.again(sequence: sequence, reason: "recovery")], .begin(sequence))
    case .probe:
      workers[worker].phase = .probing(view, sequence)
      return
    case .askPerson: return ask(worker, place, view, sequence, hash)
    case .recordAsHappened: status = .done
    case .closeAsInterrupted: status = .interrupted
    case .closeAsNotHappened: status = .notHappened
    case .giveUp: status = .failed
    }
    plan(worker, [.outcome(sequence: sequence, StepOutcome(status, body: "{}"))], .look)
  }

  // MARK: Questions

  private func find(_ number: Int, _ hash: String, in view: SimulatedWorker.View) -> Approval? {
    view.record.approvals.first { approval in
      approval.hash == hash && approval.id.utf8.count == 3
        && approval.id.utf8.last == UInt8(ascii: "0") + UInt8(number)
    }
  }

  private func ask(
    _ worker: Int,
    _ place: Int,
    _ view: SimulatedWorker.View,
    _ number: Int,
    _ hash: String
  ) {
    let expires = random.chance(50) ? view.now + 200 : nil
    let id = "\(SimulatedStore.names[place]).\(number)"
    let question = NewApproval(
      number: number,
      hash: hash,
      action: "{}",
      scope: .once,
      expires: expires
    )
    let note = WorkChange.notify(
      kind: "approval",
      body: "{}",
      dedupe: "ask:\(id):\(hash.suffix(2))"
    )
    if random.chance(50) {
      plan(worker, [.ask(question), note, .wait(for: id, wake: expires)], .rest)
    } else {
      // Waits in a write of its own, and somebody may answer meanwhile.
      plan(worker, [.ask(question), note], .look)
    }
  }

  private func wait(
    _ worker: Int,
    _ place: Int,
    _ view: SimulatedWorker.View,
    _ question: Approval?
  ) {
    guard let question else { return }
    let number = Int(question.id.utf8.last ?? 0) - Int(UInt8(ascii: "0"))
    if let expires = question.expires, expires <= view.now {
      tell(.questionExpired)
      return plan(worker, [.close(approval: number, as: .timedOut)], .look)
    }
    plan(worker, [.wait(for: question.id, wake: question.expires)], .rest)
  }

  private func askFirst(
    _ worker: Int,
    _ place: Int,
    _ view: SimulatedWorker.View,
    _ sequence: Int
  ) {
    let hash = hash(sequence, attempt: 0)
    let question = find(sequence, hash, in: view)
    switch question?.state {
    case nil, .superseded: ask(worker, place, view, sequence, hash)
    case .pending: wait(worker, place, view, question)
    case .approved: goOn(worker, place, sequence, [])
    case .denied, .timedOut, .noChannel:
      let refused = StepOutcome(.failed, body: #"{"error":"refused"}"#)
      plan(
        worker,
        [.intent(intent(place, sequence)), .outcome(sequence: sequence, refused)],
        .look
      )
    }
  }

  // MARK: The next step

  private func intent(_ place: Int, _ sequence: Int) -> StepIntent {
    StepIntent(
      sequence: sequence,
      kind: "tool",
      effect: plans[place].effects[sequence - 1],
      hash: hash(sequence, attempt: 0),
      body: "{}"
    )
  }

  private func goOn(_ worker: Int, _ place: Int, _ sequence: Int, _ before: [WorkChange]) {
    let intent = intent(place, sequence)
    plan(worker, before + [.intent(intent)], .begin(sequence))
    if mistake == .effectBeforeIntent, let lease = workers[worker].lease {
      depart(worker, lease, place, intent)
    }
  }

  /// The effect has answered: its outcome is written, often with the next intent.
  func conclude(_ worker: Int, _ place: Int, _ sequence: Int) {
    let status: StepOutcome.Status = random.chance(15) ? .failed : .done
    let outcome = WorkChange.outcome(sequence: sequence, StepOutcome(status, body: "{}"))
    let plan = plans[place]
    let isPlain =
      sequence < plan.effects.count && !plan.asksFirst[sequence] && plan.spawnsAfter != sequence
      && plan.napsAfter != sequence
    if isPlain, random.chance(60) {
      goOn(worker, place, sequence + 1, [outcome])
    } else {
      self.plan(worker, [outcome], .look)
    }
  }

  private func spawn(_ worker: Int, _ place: Int) {
    let child = NewAssignment(
      id: SimulatedStore.names[place + SimulatedStore.tops],
      parent: SimulatedStore.names[place],
      text: "t",
      settings: "{}",
      dedupe: "child:\(place)"
    )
    if random.chance(50) {
      plan(worker, [.spawn(child), .wait(for: "children", wake: nil)], .rest)
    } else {
      plan(worker, [.spawn(child)], .look)
    }
  }

  private func end(_ worker: Int, _ place: Int) {
    let state: Assignment.State = random.chance(12) ? .failed : .done
    let notice = WorkChange.notify(kind: "\(state)", body: "{}", dedupe: "\(state):\(place)")
    plan(worker, [.end(state, reason: nil), notice], .rest)
  }
}
