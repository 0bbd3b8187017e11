import Foundation
import GRDB

extension CallRecord {
  static let columns = """
    SELECT id, first, attempt, epoch, state, key, account, run, model, provider, dialect,
      idempotency, request, slots, ceiling, charged, beyond, basis, used, outcome, started, ended
    FROM call
    """

  /// Reads a row without trusting its types: someone else may have written it.
  init(_ row: GRDB.Row) throws {
    guard let id = Int64.fromDatabaseValue(row[0]), let attempt = Int64.fromDatabaseValue(row[2]),
      let epoch = Int64.fromDatabaseValue(row[3]),
      let state = String.fromDatabaseValue(row[4]).flatMap(CallState.init),
      let model = String.fromDatabaseValue(row[8]),
      let provider = String.fromDatabaseValue(row[9]),
      let dialect = String.fromDatabaseValue(row[10]),
      let ceiling = Int64.fromDatabaseValue(row[14]),
      let charged = Int64.fromDatabaseValue(row[15]),
      let started = Int64.fromDatabaseValue(row[20])
    else { throw LedgerError.invalid("the call \(row[0] as DatabaseValue) is no call") }
    self.id = CallID(id)
    first = CallID(Int64.fromDatabaseValue(row[1]) ?? id)
    self.attempt = attempt
    self.epoch = epoch
    self.state = state
    key = String.fromDatabaseValue(row[5])
    account = String.fromDatabaseValue(row[6])
    run = String.fromDatabaseValue(row[7])
    self.model = model
    self.provider = provider
    self.dialect = dialect
    idempotencyKey = String.fromDatabaseValue(row[11])
    requestHash = Data.fromDatabaseValue(row[12]).map(Array.init) ?? []
    self.ceiling = ceiling
    self.charged = charged
    basis = String.fromDatabaseValue(row[17])
    used = Self.usage(String.fromDatabaseValue(row[18]))
    outcome = String.fromDatabaseValue(row[19])
    self.started = started
    ended = Int64.fromDatabaseValue(row[21])
  }

  static func slots(of row: GRDB.Row) -> String {
    String.fromDatabaseValue(row[13]) ?? ""
  }

  static func usage(_ text: String?) -> CallUsage {
    guard let text else { return CallUsage() }
    return (try? JSONDecoder().decode(CallUsage.self, from: Data(text.utf8))) ?? CallUsage()
  }

  static let ahead = "ahead"

  /// Whether it was reserved before it was asked for, and is not closed: it may never have left.
  package var isAhead: Bool { state == .reserved && outcome == Self.ahead }

  /// Whether the provider billed more than had been reserved.
  package var isBeyond: Bool { charged > ceiling }

  func requireReserved() throws(LedgerError) {
    if state != .reserved { throw .closed(id, as: state) }
  }

  func closed(as state: CallState, _ charge: CallCharge, at time: Int64) -> CallRecord {
    var record = self
    record.state = state
    record.charged = charge.amount
    record.basis = charge.basis
    record.used = charge.used
    record.outcome = charge.outcome
    record.ended = time
    return record
  }

  /// The event that a closed call is in the chain; nil where nothing was charged for it.
  var event: ModelCall? {
    guard state == .settled || state == .unknown else { return nil }
    return ModelCall(
      call: id.number,
      attempt: attempt,
      state: state == .settled ? .settled : .unknown,
      key: key,
      account: account,
      model: model,
      provider: provider,
      used: used,
      ceiling: ceiling,
      charged: charged,
      basis: basis ?? "",
      beyond: isBeyond ? true : nil,
      outcome: outcome ?? ""
    )
  }
}
