import AsyncHTTPClient
import Catalogue
import Journal
import NIOCore
import Policy

/// One try at a request: at one offer, under one number of the ledger.
///
/// Used on the gateway's event loop alone, which makes `@unchecked Sendable` true.
final class Attempt: @unchecked Sendable {
  enum Stage {
    /// Nothing has come.
    case waiting
    /// An error, whose body is being gathered.
    case refused(status: Int, retryAfter: Duration?, body: [UInt8])
    /// See ``relay``.
    case answering
  }

  let offer: Offer
  let plan: UpstreamPlan
  var accounting: CallAccounting
  let permit: CircuitBreaker.Permit
  let started: NIODeadline
  var call: CallID?
  var task: HTTPClient.Task<Void>?
  /// Whether the spool has its begin, and its end.
  var isSpooled = false
  var isSpoolEnded = false
  /// Whether anything of the request has left: before that nothing can be billed.
  var isSent = false
  var stage = Stage.waiting
  /// What becomes of the answer; by itself, so that what it gathers grows in place.
  var relay: AnswerRelay?
  /// Bytes of the answer.
  var received = 0
  /// When bytes came last.
  var lastActivity: NIODeadline
  /// When its first byte came.
  var firstByte: NIODeadline?
  /// Given to the connection when it may go on; the client is slower than the upstream.
  var hold: EventLoopPromise<Void>?
  /// Ends what comes after the end of the answer, if it goes on for long.
  var drain: Scheduled<Void>?
  /// The upstream's own name for its answer, which clients show in questions about it.
  var upstreamID: String?

  init(
    offer: Offer,
    plan: UpstreamPlan,
    accounting: CallAccounting,
    permit: CircuitBreaker.Permit,
    now: NIODeadline
  ) {
    self.offer = offer
    self.plan = plan
    self.accounting = accounting
    self.permit = permit
    started = now
    lastActivity = now
  }

  /// What the answer used, as far as it came; nil where none began.
  var use: ObservedUse? {
    relay?.use
  }

  func resume() {
    hold?.succeed()
    hold = nil
  }
}
