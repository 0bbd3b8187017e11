import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import Journal

/// A clock that stands still until it is told otherwise.
final class HandClock: Sendable {
  private let time: Mutex<Int64>

  /// Begins on Wednesday, 4 March 2026, at noon UTC.
  init(_ start: Int64 = 1_772_625_600_000_000) {
    time = Mutex(start)
  }

  var now: Int64 { time.withLock { $0 } }

  func advance(hours: Int64) {
    time.withLock { $0 += hours * 3_600_000_000 }
  }
}

extension Fixture {
  func ledger(_ clock: HandClock = HandClock()) throws -> Ledger {
    try Ledger.open(directory: directory) { clock.now }
  }
}

/// One dollar in pico-dollars.
let dollar: Int64 = 1_000_000_000_000

extension CallRequest {
  static func sample(
    _ account: String? = nil,
    ceiling: Int64 = dollar,
    run: String? = nil,
    key: String? = nil,
    idempotency: String? = nil,
    hash: [UInt8] = [1],
    retry: Retry? = nil
  ) -> CallRequest {
    CallRequest(
      key: key,
      account: account,
      run: run,
      model: "gpt-5.4-nano",
      provider: "openai",
      dialect: "openai",
      ceiling: ceiling,
      idempotencyKey: idempotency,
      requestHash: hash,
      retry: retry
    )
  }
}

extension CallCharge {
  static func sample(_ amount: Int64, beyond: Bool = false) -> CallCharge {
    CallCharge(
      amount: amount,
      basis: "usage",
      used: CallUsage([.input: 12, .output: 3]),
      outcome: "ok",
      beyond: beyond
    )
  }
}

extension Reservation {
  /// The call that was reserved; nil where an earlier one was found.
  var id: CallID? {
    if case .reserved(let id) = self { id } else { nil }
  }

  var earlier: CallRecord? {
    if case .earlier(let record) = self { record } else { nil }
  }
}

extension Ledger {
  /// Reserves what nothing refuses.
  func hold(_ request: CallRequest, in epoch: Epoch) async throws -> CallID {
    let reservation = try await reserve(request, in: epoch)
    return try #require(reservation.id)
  }

  func sums(_ account: String) throws -> Sums? {
    try accounts().first { $0.account.id == account }?.sums
  }
}

/// The error that an operation ends in; nil where it succeeds.
func failure(_ body: () async throws -> Void) async -> LedgerError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? LedgerError
  }
}
