import Foundation
import GRDB

extension LedgerBatch {
  /// How long an idempotency key stands for its request.
  static let idempotencyWindow: Int64 = 24 * 3_600_000_000

  /// What waits to be settled may free what a refused call needs, and may end the call that is
  /// meant: both are looked at again once it has been done.
  func reserve(_ request: CallRequest, epoch: Int64) throws -> Reservation {
    do {
      let reservation = try reserveNow(request, epoch: epoch)
      guard case .earlier(let call) = reservation, call.state == .reserved, try catchUp() else {
        return reservation
      }
    } catch let error as LedgerError {
      guard case .refused = error, try catchUp() else { throw error }
    }
    return try reserveNow(request, epoch: epoch)
  }

  private func reserveNow(_ request: CallRequest, epoch: Int64) throws -> Reservation {
    if let problem = request.problem { throw LedgerError.invalid(problem) }
    if let earlier = try earlier(request) { return .earlier(earlier) }
    let levels = try levels(from: request.account)
    let verdict = Budget.reserve(
      request.ceiling,
      from: try levels.map { Budget.Level(account: $0.account, sums: try sums(of: $0.slot)) },
      at: now
    )
    switch verdict {
    case .refused(let refusal): throw LedgerError.refused(refusal)
    case .allowed(let sums):
      let id = try insert(request, epoch: epoch, slots: levels.map(\.slot))
      for (level, value) in zip(levels, sums) { set(value, of: level.slot) }
      return .reserved(id)
    }
  }

  func reserveAhead(_ request: CallRequest, _ count: Int, epoch: Int64) throws -> [CallID] {
    if let problem = request.problem { throw LedgerError.invalid(problem) }
    var calls: [CallID] = []
    let levels = try levels(from: request.account)
    for _ in 0..<count {
      let verdict = Budget.reserve(
        request.ceiling,
        from: try levels.map { Budget.Level(account: $0.account, sums: try sums(of: $0.slot)) },
        at: now
      )
      guard case .allowed(let sums) = verdict else { break }
      calls.append(try insert(request, epoch: epoch, slots: levels.map(\.slot), isAhead: true))
      for (level, value) in zip(levels, sums) { set(value, of: level.slot) }
    }
    return calls
  }

  /// The call that this request is, where it has been here before.
  private func earlier(_ request: CallRequest) throws -> CallRecord? {
    if let retry = request.retry {
      guard try call(retry.of)?.attempt == 1 else { throw LedgerError.unknownCall(retry.of) }
      let found = try GRDB.Row.fetchOne(
        database.cachedStatement(
          sql: "\(CallRecord.columns) WHERE first = ? AND attempt = ?"
        ),
        arguments: [retry.of.number, retry.attempt]
      )
      return try found.map(CallRecord.init)
    }
    guard let name = request.idempotencyKey else { return nil }
    let found = try GRDB.Row.fetchOne(
      database.cachedStatement(
        sql: """
          \(CallRecord.columns) WHERE idempotency = ? AND key IS ? AND started > ?
          ORDER BY id DESC LIMIT 1
          """
      ),
      arguments: [name, request.key, now - Self.idempotencyWindow]
    )
    guard let found else { return nil }
    let first = try CallRecord(found)
    guard first.requestHash == request.requestHash else {
      throw LedgerError.conflict(with: first.id)
    }
    let newest = try GRDB.Row.fetchOne(
      database.cachedStatement(
        sql: "\(CallRecord.columns) WHERE first = ? ORDER BY attempt DESC LIMIT 1"
      ),
      arguments: [first.id.number]
    )
    return try newest.map(CallRecord.init) ?? first
  }

  private func insert(
    _ request: CallRequest,
    epoch: Int64,
    slots: [Slot],
    isAhead: Bool = false
  ) throws -> CallID {
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO call (first, attempt, epoch, state, key, account, run, model, provider, dialect,
          idempotency, request, slots, ceiling, started, outcome)
        VALUES (?, ?, ?, 'reserved', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    )
    try statement.execute(arguments: [
      request.retry?.of.number, request.retry?.attempt ?? 1, epoch, request.key, request.account,
      request.run, request.model, request.provider, request.dialect,
      // A retry is found by its first attempt.
      request.retry == nil ? request.idempotencyKey : nil,
      request.requestHash.isEmpty ? nil : Data(request.requestHash), Slot.text(of: slots),
      request.ceiling, now, isAhead ? CallRecord.ahead : nil,
    ])
    return CallID(database.lastInsertedRowID)
  }

  func settle(_ id: CallID, _ charge: CallCharge) throws -> CallRecord {
    guard charge.amount >= 0, charge.basis.utf8.count <= 64 else {
      throw LedgerError.invalid("a negative charge, or a basis too long to keep")
    }
    var charge = charge
    charge.outcome = Self.kept(charge.outcome)
    let (call, slots) = try held(id)
    if call.state == .settled, call.charged == charge.amount { return call }
    try call.requireReserved()
    if charge.amount > call.ceiling, !charge.beyond {
      throw LedgerError.aboveCeiling(id, charged: charge.amount, ceiling: call.ceiling)
    }
    return try close(call, slots: slots, as: .settled, charge)
  }

  /// As much of an outcome as is kept; in bytes, since one character can have any number of them.
  private static func kept(_ outcome: String) -> String {
    outcome.utf8.count <= 1_024
      // What is cut of the last one may become a character of three.
      ? outcome : String(decoding: outcome.utf8.prefix(1_021), as: UTF8.self)
  }

  func release(_ id: CallID, outcome: String) throws -> CallRecord {
    let (call, slots) = try held(id)
    if call.state == .released { return call }
    try call.requireReserved()
    let charge = CallCharge(amount: 0, basis: "released", outcome: Self.kept(outcome))
    return try close(call, slots: slots, as: .released, charge)
  }

  func markUnknown(_ id: CallID, outcome: String) throws -> CallRecord {
    let (call, slots) = try held(id)
    if call.state == .unknown { return call }
    try call.requireReserved()
    let charge = CallCharge(
      amount: call.ceiling,
      basis: "ceiling",
      outcome: Self.kept(outcome)
    )
    return try close(call, slots: slots, as: .unknown, charge)
  }

  private func close(
    _ call: CallRecord,
    slots: [Slot],
    as state: CallState,
    _ charge: CallCharge
  ) throws -> CallRecord {
    let sums = try slots.map { slot in
      let settled = Budget.settle(
        ceiling: call.ceiling,
        charged: charge.amount,
        in: try self.sums(of: slot)
      )
      guard let settled else {
        throw LedgerError.invalid(
          "the sums of '\(slot.account)' do not hold \(call.id); see: caisson bill --verify"
        )
      }
      return settled
    }
    let closed = call.closed(as: state, charge, at: now)
    let entry: Entry? = try closed.event.map { try Entry(.modelCall($0)) }
    var used: String?
    if !charge.used.isEmpty {
      var json = JSONLine()
      charge.used.write(to: &json)
      used = json.text
    }
    let statement = try database.cachedStatement(
      sql: """
        UPDATE call SET state = ?, charged = ?, beyond = ?, basis = ?, used = ?, outcome = ?,
          ended = ? WHERE id = ?
        """
    )
    try statement.execute(arguments: [
      state.rawValue, charge.amount, closed.isBeyond, charge.basis, used, charge.outcome, now,
      call.id.number,
    ])
    if let entry { try chain.append(entry, run: call.run, time: now) }
    for (slot, value) in zip(slots, sums) { set(value, of: slot) }
    return closed
  }

  func call(_ id: CallID) throws -> CallRecord? {
    try GRDB.Row.fetchOne(
      database.cachedStatement(sql: "\(CallRecord.columns) WHERE id = ?"),
      arguments: [id.number]
    ).map(CallRecord.init)
  }

  private func held(_ id: CallID) throws -> (CallRecord, [Slot]) {
    let row = try GRDB.Row.fetchOne(
      database.cachedStatement(sql: "\(CallRecord.columns) WHERE id = ?"),
      arguments: [id.number]
    )
    guard let row else { throw LedgerError.unknownCall(id) }
    return (try CallRecord(row), Slot.list(of: CallRecord.slots(of: row)))
  }
}

extension LedgerBatch.Slot {
  /// As a call's row keeps them: a line each, the period's start before the name.
  ///
  /// They stand with the call because an account may be given another parent or period while the
  /// call is under way: it is settled where it was reserved.
  static func text(of slots: [LedgerBatch.Slot]) -> String {
    slots.map { "\($0.start) \($0.account)" }.joined(separator: "\n")
  }

  static func list(of text: String) -> [LedgerBatch.Slot] {
    text.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let space = line.firstIndex(of: UInt8(ascii: " ")),
        let start = Int64(Substring(line[..<space]))
      else { return nil }
      return LedgerBatch.Slot(
        account: String(Substring(line[line.index(after: space)...])),
        start: start
      )
    }
  }
}
