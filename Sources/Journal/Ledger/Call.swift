/// One attempt at a call, as the ledger numbers it.
package struct CallID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let number: Int64

  package init(_ number: Int64) {
    self.number = number
  }

  package static func < (left: CallID, right: CallID) -> Bool { left.number < right.number }

  package var description: String { "call-\(number)" }

  /// Reads what ``description`` says.
  package init?(_ text: String) {
    guard text.hasPrefix("call-"), let number = Int64(text.dropFirst("call-".count)) else {
      return nil
    }
    self.init(number)
  }
}

/// How far an attempt has come. Only ``reserved`` ever changes.
package enum CallState: String, Sendable, Codable {
  /// Its ceiling is held back; it may be under way.
  case reserved
  /// Charged.
  case settled
  /// Never billed: what was held back is free again.
  case released
  /// Nobody knows whether it was billed; charged at its ceiling.
  case unknown
}

/// What is to be held back before a call leaves.
package struct CallRequest: Sendable {
  /// The public beginning of the virtual key; nil where none was asked for.
  package var key: String?
  /// The account that pays; nil where nothing bounds the call.
  package var account: String?
  package var run: String?
  package var model: String
  package var provider: String
  package var dialect: String
  /// The most that the attempt can cost, in pico-dollars.
  package var ceiling: Int64
  /// The caller's name for the request: a second one of the same name is the same call.
  package var idempotencyKey: String?
  /// What was asked: the same name with another hash is a conflict.
  package var requestHash: [UInt8]
  /// The attempt before which this one failed, and its own number, from 2 on.
  package var retry: Retry?

  package struct Retry: Sendable, Equatable {
    /// The first attempt.
    package var of: CallID
    package var attempt: Int64

    package init(of: CallID, attempt: Int64) {
      self.of = of
      self.attempt = attempt
    }
  }

  package init(
    key: String? = nil,
    account: String? = nil,
    run: String? = nil,
    model: String,
    provider: String,
    dialect: String,
    ceiling: Int64,
    idempotencyKey: String? = nil,
    requestHash: [UInt8] = [],
    retry: Retry? = nil
  ) {
    self.key = key
    self.account = account
    self.run = run
    self.model = model
    self.provider = provider
    self.dialect = dialect
    self.ceiling = ceiling
    self.idempotencyKey = idempotencyKey
    self.requestHash = requestHash
    self.retry = retry
  }

  /// Says what no caller may ask; nil where all is well. What has passed cannot fail in the
  /// database by itself, and so cannot take with it what is written beside it.
  var problem: String? {
    if ceiling < 0 { return "its ceiling is negative" }
    if let retry, retry.attempt < 2 { return "a retry is attempt 2 or later" }
    let texts = [key, account, run, model, provider, dialect, idempotencyKey]
    if texts.contains(where: { ($0?.utf8.count ?? 0) > 1_024 }) || requestHash.count > 64 {
      return "a part of it is longer than the ledger keeps"
    }
    return nil
  }
}

/// What a reservation gives.
package enum Reservation: Sendable, Equatable {
  /// The ceiling is held back, durably: the call may leave.
  case reserved(CallID)
  /// The same request has been here: this is its newest attempt, and nothing was held back.
  case earlier(CallRecord)
}

/// What an attempt cost in the end.
package struct CallCharge: Sendable, Equatable {
  /// Pico-dollars; at most the ceiling, unless ``beyond``.
  package var amount: Int64
  /// How the amount was found, as in `usage` or `counted`.
  package var basis: String
  package var used: CallUsage
  /// How the call ended, as in `ok`, or the error's name.
  package var outcome: String
  /// The provider billed more than had been reserved: it is recorded, though it may break a limit.
  package var beyond: Bool

  package init(
    amount: Int64,
    basis: String,
    used: CallUsage = CallUsage(),
    outcome: String,
    beyond: Bool = false
  ) {
    self.amount = amount
    self.basis = basis
    self.used = used
    self.outcome = outcome
    self.beyond = beyond
  }
}

/// An attempt as the ledger holds it.
package struct CallRecord: Sendable, Equatable {
  package let id: CallID
  /// The first attempt at the same call; its own ``id`` where it is the first.
  package let first: CallID
  package let attempt: Int64
  package let epoch: Int64
  package internal(set) var state: CallState
  package let key: String?
  package let account: String?
  package let run: String?
  package let model: String
  package let provider: String
  package let dialect: String
  package let idempotencyKey: String?
  package let requestHash: [UInt8]
  package let ceiling: Int64
  package internal(set) var charged: Int64
  package internal(set) var basis: String?
  package internal(set) var used: CallUsage
  package internal(set) var outcome: String?
  /// Microseconds since 1970.
  package let started: Int64
  package internal(set) var ended: Int64?
}
