import Catalogue
import Dialects
import Journal
import NIOCore
import NIOHTTP1
import Policy

/// One request of a client that a model is to answer, from its first byte to its bill.
///
/// It routes, holds the money back, asks, tries again, writes the answer to the spool before it
/// passes it on, and settles. Everything happens on the gateway's one event loop, which is what
/// makes `@unchecked Sendable` true; the ledger answers on its own thread and is brought over.
final class Exchange: @unchecked Sendable {
  enum Stage {
    /// Before the first attempt, and between two.
    case between
    case reserving(Attempt)
    case asking(Attempt)
    /// Until another try.
    case pausing(Scheduled<Void>)
    /// Another request with the same idempotency key is being answered; this one gets its answer.
    case following(Replay?)
    case over
  }

  let gateway: Gateway
  let request: ClientRequest
  let dialect: Dialects.Dialect
  let key: ActiveKey
  /// Nil when it has gone.
  private(set) var client: ClientConnection?
  let scan: RequestScan
  let callBound: CallBound
  let idempotencyKey: String?
  let requestHash: [UInt8]
  let cacheKey: AnswerCache.Key?

  var stage = Stage.between
  var offers: [Offer] = []
  var place = 0
  /// The first attempt's number, and how many were made, over all requests of an idempotency key.
  var firstCall: CallID?
  var attempts: Int64 = 0
  /// How often the ledger was asked about an earlier request that was about to be closed.
  var looks = 0
  /// Attempts of this exchange.
  var tries = 0
  var lastWait = Duration.zero
  /// Tokens that were taken of the key's limit a minute, before they were known.
  private var estimate: Int?
  /// Why the last attempt, or offer, came to nothing.
  var lastError: ProviderError?
  /// Whether the client, or the spool for it, has a byte of an answer.
  var hasAnswered = false
  /// What was delivered, for the cache; nil where it is not kept.
  var cached: [UInt8]?
  var followers: [Exchange] = []
  /// What is told of it when it is over.
  var report: CallReport
  var timer: Scheduled<Void>?
  let started: NIODeadline

  init(
    _ request: ClientRequest,
    scan: RequestScan,
    key: ActiveKey,
    client: ClientConnection,
    gateway: Gateway
  ) throws(ProviderError) {
    self.request = request
    self.scan = scan
    self.key = key
    self.client = client
    self.gateway = gateway
    dialect = scan.dialect
    callBound = CallBound(scan)
    idempotencyKey = try Self.idempotencyKey(in: request.headers)
    let caches = gateway.cache != nil && AnswerCache.mayHold(request.headers)
    let hash =
      idempotencyKey != nil || caches
      ? RequestHash.of(scan.document.bytes, dialect: scan.dialect) : []
    requestHash = idempotencyKey == nil ? [] : hash
    cacheKey = caches ? AnswerCache.Key(owner: key.terms.prefix, hash: hash) : nil
    cached = caches ? [] : nil
    started = gateway.now()
    report = CallReport(
      key: key.terms.prefix,
      name: scan.model,
      dialect: scan.dialect,
      isStream: scan.isStream
    )
  }

  /// A name of the client's own for this request; the ledger keeps up to a kilobyte.
  private static func idempotencyKey(in headers: HTTPHeaders) throws(ProviderError) -> String? {
    let values = headers["idempotency-key"]
    guard let first = values.first else { return nil }
    let isPrintable = first.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    guard values.count == 1, isPrintable, (1...255).contains(first.utf8.count) else {
      throw ProviderError(
        .invalidRequest,
        "Idempotency-Key must be one text of 1 to 255 printable ASCII characters"
      )
    }
    return first
  }

  // MARK: - Routing

  func start() {
    if let cacheKey, let hit = gateway.cache?.answer(to: cacheKey, now: gateway.now()) {
      return answer(from: hit)
    }
    do throws(RateLimit.Refusal) {
      try key.limit.admit(tokens: callBound.estimate, at: gateway.moment())
    } catch {
      return fail(ProviderError(error))
    }
    estimate = callBound.estimate
    gateway.retryBudget.requested()
    let route = gateway.route(self)
    if let refusal = route.refusal { return fail(ProviderError(refusal, route)) }
    offers = route.order
    tryNextOffer()
  }

  /// Makes an attempt at the next offer that can be asked, or gives up.
  func tryNextOffer() {
    while place < offers.count {
      let offer = offers[place]
      if let attempt = attempt(at: offer) { return reserve(attempt) }
      place += 1
    }
    fail(lastError ?? ProviderError(.overloaded, "no model could be asked"))
  }

  /// Nil, with a reason in ``lastError``, where the offer cannot be asked this.
  private func attempt(at offer: Offer) -> Attempt? {
    guard let provider = gateway.providers[offer.key.provider] else { return nil }
    let plan: UpstreamPlan
    do throws(RequestError) {
      plan = try UpstreamPlan(
        scan,
        to: offer,
        at: provider.settings,
        unsupported: gateway.configuration.unsupported
      )
    } catch {
      lastError = lastError ?? ProviderError(error)
      return nil
    }
    let bound = callBound.bound(
      for: offer.model,
      isTranslated: plan.isTranslated,
      writes: plan.dialect == .anthropic && plan.isTranslated ? UpstreamPlan.defaultMaxTokens : nil
    )
    let needsPrice = key.isBounded && gateway.configuration.unknownPrice == .refuse
    if needsPrice, let why = callBound.unpriced(at: offer.model, isTranslated: plan.isTranslated) {
      lastError = lastError ?? .unknownPrice(of: offer.key.description, why)
      return nil
    }
    let ceiling: Money
    do throws(PriceProblem) {
      ceiling = try gateway.configuration.reservation(for: offer.model, bound: bound).amount
    } catch {
      guard !needsPrice else {
        lastError = lastError ?? .unknownPrice(of: offer.key.description, error.description)
        return nil
      }
      ceiling = .zero
    }
    guard let permit = gateway.health.begin(offer.key, now: gateway.moment()) else {
      lastError = lastError ?? ProviderError(.overloaded, "\(offer.key) is resting or busy")
      return nil
    }
    let accounting = CallAccounting(
      configuration: gateway.configuration,
      model: offer.model,
      bound: bound,
      ceiling: ceiling
    )
    return Attempt(
      offer: offer,
      plan: plan,
      accounting: accounting,
      permit: permit,
      now: gateway.now()
    )
  }

  // MARK: - Money

  private func reserve(_ attempt: Attempt) {
    stage = .reserving(attempt)
    if idempotencyKey == nil, firstCall == nil, let held = held(for: attempt) {
      return useHeld(held, for: attempt)
    }
    var call = CallRequest(
      key: key.terms.prefix,
      account: key.terms.account,
      run: key.run,
      model: attempt.offer.model.key.id,
      provider: attempt.offer.key.provider,
      dialect: dialect.rawValue,
      ceiling: attempt.accounting.ceiling.picoDollars,
      idempotencyKey: idempotencyKey,
      requestHash: requestHash
    )
    if let firstCall { call.retry = CallRequest.Retry(of: firstCall, attempt: attempts + 1) }
    let loop = gateway.loop
    gateway.ledger.reserve(call, in: gateway.epoch) { result in
      loop.execute { self.reserved(attempt, result) }
    }
  }

  /// A reservation that was made ahead. One that has a name of the client's own is not: the ledger
  /// must know that name before the call leaves.
  private func held(for attempt: Attempt) -> ReservationsAhead.Held? {
    gateway.ahead.take(
      ReservationsAhead.Purpose(
        key: key.terms.prefix,
        account: key.terms.account,
        model: attempt.offer.model.key.id,
        provider: attempt.offer.key.provider,
        dialect: dialect.rawValue,
        run: key.run
      ),
      ceiling: attempt.accounting.ceiling.picoDollars,
      now: gateway.now()
    )
  }

  /// That it leaves is noted in the spool, which outlives the gateway: see ``Recovery``.
  private func useHeld(_ held: ReservationsAhead.Held, for attempt: Attempt) {
    attempt.accounting.ceiling = Money(picoDollars: held.ceiling)
    attempt.call = held.call
    do throws(SpoolError) {
      try gateway.spool.begin(
        CallNumber(held.call.number),
        scope: [],
        requestHash: [],
        response: []
      )
      attempt.isSpooled = true
    } catch {
      gateway.complain("\(error)")
      conclude(attempt, .release(outcome: "unused"), .clientGone)
      stage = .between
      return fail(.unspooled)
    }
    reserved(attempt, .success(.reserved(held.call)))
  }

  private func reserved(_ attempt: Attempt, _ result: Result<Reservation, LedgerError>) {
    guard case .reserving(let current) = stage, current === attempt else { return }
    switch result {
    case .success(.reserved(let call)):
      attempt.call = call
      attempts += 1
      tries += 1
      firstCall = firstCall ?? call
      report.begin(attempt)
      if client == nil, idempotencyKey == nil {
        conclude(attempt, .release(outcome: "cancelled"), .clientGone)
        return end()
      }
      if idempotencyKey != nil { gateway.flights[call] = self }
      ask(attempt)
    case .success(.earlier(let record)):
      gateway.endHealth(attempt, .neither)
      stage = .between
      repeated(record)
    case .failure(.refused) where gateway.ahead.releaseAll():
      // There may be room now, without what was held back for calls that nobody has asked for.
      reserve(attempt)
    case .failure(let error):
      gateway.endHealth(attempt, .neither)
      stage = .between
      // Where the ledger lies is the operator's to know, and nobody else's.
      if case .journal = error { gateway.complain("no call is made: \(error)") }
      fail(ProviderError(error))
    }
  }

  // MARK: - The client

  /// The client's connection has ended.
  func clientGone() {
    client = nil
    switch stage {
    case .asking(let attempt):
      // Who named the request comes back for its answer.
      if idempotencyKey != nil { return attempt.resume() }
      cancel(attempt)
    case .pausing(let pause):
      guard idempotencyKey == nil else { return }
      pause.cancel()
      end()
    case .following(let replay):
      replay?.stop()
      end()
    case .between, .reserving, .over: break
    }
  }

  /// The client takes more.
  func clientWritable() {
    switch stage {
    case .asking(let attempt): attempt.resume()
    case .following(let replay?): replay.pump()
    default: break
    }
  }

  /// Ends the exchange with an error, in the client's words.
  func fail(_ error: ProviderError) {
    report.fail(error)
    client?.respond(error, family: dialect.family, headers: extraHeaders())
    end()
  }

  /// It is over for the client; what it used of the limits a minute is put right.
  func end() {
    if case .over = stage { return }
    stage = .over
    timer?.cancel()
    timer = nil
    if let estimate { key.limit.correct(estimate: estimate, used: report.tokens) }
    let waiting = followers
    followers = []
    for follower in waiting { follower.leaderEnded() }
    client = nil
    gateway.ended(self)
  }

  /// Headers that say what was done with the request.
  func extraHeaders() -> [(String, String)] {
    var headers: [(String, String)] = []
    if let call = report.call { headers.append(("x-caisson-call", call)) }
    if let offer = report.offer {
      headers.append(("x-caisson-model", HeaderText.clean(offer.description)))
    }
    if !report.losses.isEmpty {
      headers.append(("x-caisson-dropped", Loss.header(report.losses)))
    }
    return headers
  }
}
