import Journal

/// The steps of an assignment as its worker knows them, with what is still to be written.
///
/// What has come of a step is written together with the intent of the next: both are there, or neither,
/// and the disk is waited for once.
struct StepLog: Sendable {
  private(set) var records: [StepRecord]
  private(set) var pending: [WorkChange] = []

  init(_ records: [StepRecord]) {
    self.records = records
  }

  var next: Int { records.count + 1 }

  mutating func begin(_ kind: String, _ effect: EffectClass, hash: String, body: String) -> Int {
    let intent = StepIntent(
      sequence: next,
      kind: kind,
      effect: effect,
      hash: hash,
      body: body
    )
    pending.append(.intent(intent))
    records.append(
      StepRecord(intent: intent, outcome: nil, attempts: 1, begun: Journal.now(), ended: nil)
    )
    return intent.sequence
  }

  mutating func again(_ sequence: Int, reason: String) {
    guard let record = record(sequence) else { return }
    pending.append(.again(sequence: sequence, reason: reason))
    records[sequence - 1] = StepRecord(
      intent: record.intent,
      outcome: nil,
      attempts: record.attempts + 1,
      begun: record.begun,
      ended: nil
    )
  }

  mutating func end(_ sequence: Int, _ outcome: StepOutcome) {
    guard let record = record(sequence) else { return }
    pending.append(.outcome(sequence: sequence, outcome))
    records[sequence - 1] = StepRecord(
      intent: record.intent,
      outcome: outcome,
      attempts: record.attempts,
      begun: record.begun,
      ended: Journal.now()
    )
  }

  /// Puts another outcome in the place of one that is not written yet.
  mutating func replaceEnd(_ sequence: Int, _ outcome: StepOutcome) {
    pending.removeAll { change in
      if case .outcome(sequence, _) = change { return true }
      return false
    }
    end(sequence, outcome)
  }

  mutating func add(_ change: WorkChange) { pending.append(change) }

  /// What is to be written, once.
  mutating func take() -> [WorkChange] {
    defer { pending = [] }
    return pending
  }

  func record(_ sequence: Int) -> StepRecord? {
    records.indices.contains(sequence - 1) ? records[sequence - 1] : nil
  }
}
