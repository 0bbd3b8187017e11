import Catalogue
import Dialects
import Foundation
import Journal
import Policy

/// What the gateway itself has against a request: what was asked, what is left, and what to do.
extension ProviderError {
  init(_ refusal: RateLimit.Refusal) {
    let seconds = refusal.wait / .seconds(1)
    self.init(
      .rateLimit,
      "this key may use \(refusal.perMinute) \(refusal.what.rawValue) a minute; \(refusal.asked) "
        + "were asked for, \(refusal.left) are left; try again in \(Int(seconds.rounded(.up))) s"
    )
    retryAfter = seconds
    details = Self.details {
      $0.string("limit", "\(refusal.what.rawValue)_per_minute")
      $0.int("allowed", Int(refusal.perMinute))
      $0.int("asked", Int(refusal.asked))
      $0.int("left", Int(refusal.left))
      $0.int("resets_in_ms", Int(seconds * 1000))
    }
  }

  init(_ refusal: RouteRefusal, _ route: Route) {
    switch refusal {
    case .unknown, .retired: self.init(.notFound, refusal.description)
    case .notAllowed: self.init(.permission, refusal.description)
    case .noneQualifies:
      self.init(.invalidRequest, refusal.description + Self.reasons(route))
      parameter = "model"
      code = "no_model_qualifies"
    case .unavailable(_, let seconds):
      self.init(.overloaded, refusal.description)
      retryAfter = Double(seconds)
    }
  }

  private static func reasons(_ route: Route) -> String {
    let list = route.candidates.prefix(4).filter { !$0.exclusions.isEmpty }.map { candidate in
      "\(candidate.offer.key): \(candidate.exclusions.map(\.description).joined(separator: ", "))"
    }
    return list.isEmpty ? "" : " (\(list.joined(separator: "; ")))"
  }

  init(_ error: LedgerError) {
    switch error {
    case .refused(let refusal): self.init(refusal)
    case .conflict:
      self.init(
        .invalidRequest,
        "this Idempotency-Key was used for another request; use a new one for each request",
        status: 422
      )
      code = "idempotency_conflict"
    case .unknownAccount(let name):
      self.init(.budget, "the budget '\(name)' of this key is not there; \(error.description)")
    case .closing: self.init(.overloaded, "the gateway is being stopped")
    default:
      self.init(
        .server,
        "the ledger cannot take the call, and so it is not made; the gateway says why",
        status: 503
      )
    }
  }

  init(_ refusal: Budget.Refusal) {
    let asked = Money(picoDollars: refusal.asked).text
    let left = Money(picoDollars: refusal.left).text
    let limit = refusal.limit.map { Money(picoDollars: $0).text }
    let resets = refusal.resets.map(Self.time)
    self.init(
      .budget,
      "the budget '\(refusal.account)' has no room: this call may cost up to \(asked), and \(left)"
        + (limit.map { " of \($0)" } ?? "") + " are left; "
        + (resets.map { "it resets at \($0)" } ?? "it does not reset by itself")
    )
    details = Self.details {
      $0.string("budget", refusal.account)
      $0.string("asked", asked)
      $0.string("left", left)
      $0.string("limit", orNull: limit)
      $0.string("period", refusal.period.rawValue)
      $0.string("resets_at", orNull: resets)
    }
  }

  static func unknownPrice(of model: String, _ why: String) -> ProviderError {
    var error = ProviderError(
      .invalidRequest,
      "\(model) cannot be called under a budget: \(why); name a price for it, or set unknown_price"
    )
    error.code = "unknown_price"
    return error
  }

  /// The call was made, and nobody knows what became of it: it is not made again.
  static func lost(_ record: CallRecord) -> ProviderError {
    let charged = Money(picoDollars: record.charged).text
    var error = ProviderError(
      .upstream,
      "the answer to this Idempotency-Key was lost (\(record.outcome ?? "unknown")); it may have "
        + "been billed and counts as \(charged) (\(record.id)). It is not asked for again: use a "
        + "new key to do that",
      status: 409
    )
    error.code = "answer_lost"
    return error
  }

  static let unspooled = ProviderError(
    .server,
    "the answer cannot be kept on the disk, and so it is not given; make room on it",
    status: 507
  )

  static func forgotten(_ call: CallID) -> ProviderError {
    var error = ProviderError(
      .upstream,
      "the answer to this Idempotency-Key was given and paid for (\(call)) and is not kept whole; "
        + "it is not asked for again: use a new key to do that",
      status: 409
    )
    error.code = "answer_not_kept"
    return error
  }

  private static func details(_ write: (inout JSONWriter) -> Void) -> RawJSON? {
    var writer = JSONWriter()
    writer.object(write)
    return try? RawJSON(parsing: String(decoding: writer.bytes, as: UTF8.self))
  }

  /// As RFC 3339 has it, from microseconds since 1970.
  private static func time(_ microseconds: Int64) -> String {
    let date = Date(timeIntervalSince1970: Double(microseconds / 1_000_000))
    return date.formatted(Date.ISO8601FormatStyle())
  }
}
