package import Catalogue
import Dialects
package import Journal
package import NIOCore
import NIOHTTP1

/// Gateway: one address for every model.
///
/// Clients speak to it in the dialect they know; it chooses the model, holds the providers' keys,
/// reserves the money before a call and settles it after. It must know nothing of agents, of runs,
/// or of where keys are kept.
///
/// All of it happens on one event loop, so that nothing here is locked: a small team's calls fill a
/// tenth of a core. That makes `@unchecked Sendable` true.
package final class Gateway: @unchecked Sendable {
  /// What it is made of, beside the document.
  package struct Parts {
    package var configuration: GatewayConfiguration
    package var catalogue: ModelCatalogue
    package var ledger: Ledger
    package var epoch: Epoch
    package var spool: Spool
    /// The providers' keys, by the providers' names.
    package var keys: [String: String]
    /// Takes a line of the log; nil where none is kept.
    package var log: (([UInt8]) -> Void)?
    /// Takes what an operator should know.
    package var complain: (String) -> Void
    /// Gives the day, by which models are retired.
    package var today: () -> CalendarDate

    package init(
      configuration: GatewayConfiguration,
      catalogue: ModelCatalogue,
      ledger: Ledger,
      epoch: Epoch,
      spool: Spool,
      keys: [String: String] = [:],
      log: (([UInt8]) -> Void)? = nil,
      complain: @escaping (String) -> Void,
      today: @escaping () -> CalendarDate
    ) {
      self.configuration = configuration
      self.catalogue = catalogue
      self.ledger = ledger
      self.epoch = epoch
      self.spool = spool
      self.keys = keys
      self.log = log
      self.complain = complain
      self.today = today
    }
  }

  let loop: any EventLoop
  let configuration: GatewayConfiguration
  let ledger: Ledger
  let epoch: Epoch
  let spool: Spool
  let upstreams: Upstreams
  let providers: [String: ProviderAccess]
  let keys: KeyRing
  let cache: AnswerCache?
  let ahead: ReservationsAhead
  let complain: (String) -> Void
  private let catalogue: ModelCatalogue
  private let today: () -> CalendarDate
  private let log: CallLog?
  private let traces: TraceExporter?

  var health: HealthBoard
  var retryBudget: RetryBudget
  /// Requests that were named by their clients, by the attempt that is under way.
  var flights: [CallID: Exchange] = [:]
  var chance = SystemRandomNumberGenerator()
  private var table: RouteTable
  private var tableDay: CalendarDate
  private var metrics = GatewayMetrics()
  private(set) var active = 0
  var connections = 0
  /// Bytes of requests that are being read, over all connections.
  var buffered = 0
  static let mostBuffered = 256 << 20
  private var requests = 0
  private var isStopping = false
  private var emptied: [EventLoopPromise<Void>] = []

  package init(_ parts: Parts, on loop: any EventLoop) {
    self.loop = loop
    configuration = parts.configuration
    ledger = parts.ledger
    epoch = parts.epoch
    spool = parts.spool
    complain = parts.complain
    today = parts.today
    catalogue = parts.catalogue
    keys = KeyRing(parts.ledger)
    ahead = ReservationsAhead(parts.ledger, epoch: parts.epoch, on: loop)
    cache = parts.configuration.cache.map(AnswerCache.init)
    log = parts.log.map {
      CallLog(write: $0, hasContent: parts.configuration.logs.hasContent)
    }
    health = HealthBoard(parts.configuration)
    retryBudget = RetryBudget(share: parts.configuration.routing.retryShare)
    upstreams = Upstreams(
      on: loop,
      timeouts: parts.configuration.routing.timeouts,
      connections: parts.configuration.limits.concurrency
    )
    traces = parts.configuration.traces.map { [upstreams] in
      TraceExporter($0, upstreams, on: loop, complain: parts.complain)
    }
    var providers: [String: ProviderAccess] = [:]
    for provider in parts.configuration.providers {
      providers[provider.name] = ProviderAccess(provider, key: parts.keys[provider.name])
    }
    self.providers = providers
    tableDay = parts.today()
    table = RouteTable(parts.configuration, catalogue: parts.catalogue, today: tableDay)
  }

  /// Bytes of the largest request.
  var largestBody: Int { Int(clamping: configuration.limits.body) }

  // MARK: - Time

  func now() -> NIODeadline { NIODeadline.now() }

  /// For decisions, which count from any fixed moment.
  func moment() -> Duration { .nanoseconds(Int64(clamping: now().uptimeNanoseconds)) }

  /// Since 1970.
  func seconds() -> Int { Int(microseconds() / 1_000_000) }

  func microseconds() -> Int64 { Spool.now() }

  // MARK: - Routing

  /// Worked out anew each day, since models are retired on a day.
  var routes: RouteTable {
    let day = today()
    if day != tableDay {
      tableDay = day
      table = RouteTable(configuration, catalogue: catalogue, today: day)
    }
    return table
  }

  var day: CalendarDate { tableDay }

  func route(_ exchange: Exchange) -> Route {
    let routes = routes
    let now = moment()
    let request = RouteRequest(
      name: name(of: exchange.scan, in: routes),
      needs: exchange.callBound.needs,
      bound: exchange.callBound.bound,
      needsPrice: exchange.key.isBounded && configuration.unknownPrice == .refuse,
      allowed: exchange.key.terms.models,
      today: tableDay,
      now: now
    )
    return routes.route(request, health: { health.health(of: $0, now: now) }, using: &chance)
  }

  /// Clients of Ollama add `:latest` to a name without a tag.
  private func name(of scan: RequestScan, in routes: RouteTable) -> String {
    guard scan.dialect.family == .ollama, scan.model.hasSuffix(":latest"),
      routes.group(scan.model) == nil
    else { return scan.model }
    return String(scan.model.dropLast(7))
  }

  func decide(_ failure: CallFailure, _ situation: RetryPolicy.Situation) -> RetryPolicy.Decision {
    configuration.routing.retry.decide(
      failure,
      situation,
      budget: &retryBudget,
      using: &chance
    )
  }

  func endHealth(_ attempt: Attempt, _ outcome: CircuitBreaker.Outcome) {
    health.end(attempt.offer.key, outcome, permit: attempt.permit, now: moment())
  }

  /// The name of an answer that no call stands behind.
  func requestID() -> String {
    requests += 1
    return "req_caisson_\(epoch.id)_\(requests)"
  }

  /// As a provider is told a call's name: unique over all ledgers that it hears of.
  func name(of call: CallID) -> String { "caisson-\(epoch.id)-\(call.number)" }

  // MARK: - Requests

  /// Whether one more is taken.
  func begin() -> Bool {
    guard !isStopping, active < configuration.limits.concurrency else { return false }
    active += 1
    return true
  }

  /// One that was begun came to nothing at once.
  func abandoned() {
    active -= 1
    if isStopping, active == 0 { tellEmptied() }
  }

  func ended(_ exchange: Exchange) {
    active -= 1
    let report = exchange.report
    let seconds = Double((now() - exchange.started).nanoseconds) / 1e9
    metrics.record(
      GatewayMetrics.Labels(
        operation: report.dialect.operation,
        provider: report.offer?.provider ?? "none",
        model: report.offer?.id ?? "none"
      ),
      error: report.isSuccess ? nil : report.outcome,
      seconds: seconds,
      firstByteSeconds: report.firstByte.map { Double(($0 - exchange.started).nanoseconds) / 1e9 },
      inputTokens: report.inputTokens,
      outputTokens: report.outputTokens,
      charged: report.charged
    )
    if report.isBeyond {
      complain("\(report.call ?? "a call") cost more than was held back for it: see caisson bill")
    }
    log?.record(exchange, seconds: seconds)
    traces?.add(exchange, seconds: seconds)
    if isStopping, active == 0 { tellEmptied() }
  }

  /// Brings what an attempt cost into the ledger; nobody waits for it.
  ///
  /// What cannot be written, as on a full disk, is tried again for a while. After that the call stays
  /// reserved, so that its money stays held back, and the next start settles it from the spool.
  func book(_ settlement: CallSettlement, of call: CallID, attemptsLeft: Int = 60) {
    let loop = loop
    let told: @Sendable (Result<CallRecord, LedgerError>) -> Void = { result in
      guard case .failure(let error) = result else { return }
      loop.execute {
        guard case .journal = error, attemptsLeft > 0 else {
          return self.complain("\(call) stays reserved: \(error)")
        }
        loop.scheduleTask(in: .seconds(5)) {
          self.book(settlement, of: call, attemptsLeft: attemptsLeft - 1)
        }
      }
    }
    switch settlement {
    case .charge(let charge): ledger.settle(call, charge, then: told)
    case .release(let outcome): ledger.release(call, outcome: outcome, then: told)
    case .unknown(let outcome): ledger.markUnknown(call, outcome: outcome, then: told)
    }
  }

  func metricsPage() -> String {
    metrics.text(
      GatewayMetrics.Gauges(
        requests: active,
        connections: connections,
        resting: health.resting(now: moment()).map(\.description),
        cacheHits: cache?.hits ?? 0,
        cacheMisses: cache?.misses ?? 0
      )
    )
  }

  // MARK: - The end

  /// Takes no more requests; succeeds when those under way are over. On the event loop.
  func stop() -> EventLoopFuture<Void> {
    isStopping = true
    ahead.stop()
    let promise = loop.makePromise(of: Void.self)
    emptied.append(promise)
    if active == 0 { tellEmptied() }
    return promise.futureResult
  }

  private func tellEmptied() {
    traces?.flush()
    for promise in emptied { promise.succeed() }
    emptied = []
  }
}
