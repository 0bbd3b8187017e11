import Catalogue
import Dialects
import Journal
import NIOCore
import Policy

/// What is told of a request when it is over: numbers and names, nothing of what was said.
struct CallReport {
  let key: String
  /// As the client named the model.
  let name: String
  let dialect: Dialects.Dialect
  let isStream: Bool
  var offer: Offer.Key?
  var losses: [Loss] = []
  /// The ledger's name for the newest attempt.
  var call: String?
  var attempts = 0
  var outcome = "ok"
  var error: ProviderError?
  /// Pico-dollars, over all attempts.
  var charged: Int64 = 0
  /// Whether a charge is more than had been held back.
  var isBeyond = false
  var basis = "none"
  var inputTokens = 0
  var outputTokens = 0
  var firstByte: NIODeadline?

  init(key: String, name: String, dialect: Dialects.Dialect, isStream: Bool) {
    self.key = key
    self.name = name
    self.dialect = dialect
    self.isStream = isStream
  }

  var provider: String? { offer?.provider }
  var model: String? { offer?.id }

  /// Whether the client got what it asked for, be it from the cache or from the spool.
  var isSuccess: Bool { ["ok", "cache", "replayed"].contains(outcome) }

  var tokens: Int {
    let (sum, overflow) = inputTokens.addingReportingOverflow(outputTokens)
    return overflow ? .max : sum
  }

  mutating func begin(_ attempt: Attempt) {
    offer = attempt.offer.key
    losses = attempt.plan.losses
    call = attempt.call?.description
    attempts += 1
  }

  mutating func fail(_ error: ProviderError) {
    self.error = error
    outcome = error.kind.rawValue
  }

  mutating func settle(_ attempt: Attempt, _ settlement: CallSettlement, now: NIODeadline) {
    switch settlement {
    case .release: basis = "released"
    case .unknown:
      basis = "ceiling"
      charged = charged.addingOrMost(attempt.accounting.ceiling.picoDollars)
    case .charge(let charge):
      basis = charge.basis
      isBeyond = isBeyond || charge.beyond
      charged = charged.addingOrMost(charge.amount)
      let input: [CallUsage.Kind] = [
        .input, .cacheRead, .cacheWrite, .cacheWriteHour, .audioInput,
      ]
      for kind in input { inputTokens += Int(clamping: charge.used[kind]) }
      for kind in [CallUsage.Kind.output, .reasoning, .audioOutput] {
        outputTokens += Int(clamping: charge.used[kind])
      }
    }
  }
}

extension Int64 {
  fileprivate func addingOrMost(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
