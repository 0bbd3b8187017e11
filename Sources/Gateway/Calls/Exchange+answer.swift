import AsyncHTTPClient
import Catalogue
import Dialects
import Journal
import NIOCore
import NIOHTTP1

/// What happens while an upstream is being asked.
extension Exchange {
  func ask(_ attempt: Attempt) {
    guard let provider = gateway.providers[attempt.offer.key.provider], let call = attempt.call
    else { return end() }
    stage = .asking(attempt)
    watchTime(attempt)
    let headers = provider.headers(
      for: attempt.plan,
      client: request.headers,
      call: gateway.name(of: call)
    )
    do {
      attempt.task = try gateway.upstreams.send(
        to: provider.address(attempt.plan.path),
        headers: headers,
        body: attempt.plan.body,
        answer: UpstreamAnswer(attempt, of: self, on: gateway.loop)
      )
    } catch {
      failed(attempt, error)
    }
  }

  private func isCurrent(_ attempt: Attempt) -> Bool {
    if case .asking(let current) = stage { current === attempt } else { false }
  }

  /// Bytes of an answer: what is being written keeps its room in the spool.
  private static let largestAnswer = 128 << 20

  // MARK: - What comes

  func received(_ head: HTTPResponseHead, by attempt: Attempt) {
    guard isCurrent(attempt) else { return }
    attempt.lastActivity = gateway.now()
    attempt.firstByte = attempt.lastActivity
    guard (200..<300).contains(head.status.code) else {
      attempt.stage = .refused(
        status: Int(head.status.code),
        retryAfter: RetryAfter.read(head.headers),
        body: []
      )
      return
    }
    let id = head.headers.first(name: "x-request-id") ?? head.headers.first(name: "request-id")
    attempt.upstreamID = id.flatMap { $0.utf8.count <= 256 ? $0 : nil }
    attempt.stage = .answering
    attempt.relay =
      AnswerRelay(
        attempt.plan,
        client: dialect,
        isStream: scan.isStream,
        context: AnswerContext(
          // Gemini's vectors come without the name of what made them.
          model: attempt.plan.dialect == .geminiEmbed ? attempt.offer.model.key.id : nil,
          id: attempt.call?.description ?? "answer",
          now: gateway.seconds(),
          wantsUsage: scan.includesUsage,
          request: attempt.plan.chatRequest
        )
      )
    if let encoding = head.headers.first(name: "content-encoding"),
      encoding.lowercased() != "identity"
    {
      breakOff(attempt, ProviderError(.upstream, "the answer is compressed, unasked"))
    }
  }

  /// Gives what the connection waits for before it reads on; nil where it need not.
  func received(_ buffer: ByteBuffer, by attempt: Attempt) -> EventLoopFuture<Void>? {
    guard isCurrent(attempt) else { return nil }
    attempt.lastActivity = gateway.now()
    switch attempt.stage {
    case .waiting: break
    case .refused(let status, let retryAfter, var body):
      // Of an error, this much is read; the rest says nothing more.
      if body.count < 65_536 { body.append(contentsOf: buffer.readableBytesView) }
      attempt.stage = .refused(status: status, retryAfter: retryAfter, body: body)
    case .answering: return receivedAnswer(buffer, by: attempt)
    }
    return nil
  }

  private func receivedAnswer(
    _ buffer: ByteBuffer,
    by attempt: Attempt
  ) -> EventLoopFuture<Void>? {
    let output = attempt.relay?.receive(Array(buffer.readableBytesView)[...]) ?? []
    attempt.received += buffer.readableBytes
    if let failure = attempt.relay?.failure {
      broken(attempt, failure, last: output)
      return nil
    }
    if !output.isEmpty, !deliver(output, of: attempt, isAll: false) { return nil }
    if attempt.relay?.use.isWhole == true {
      completeEarly(attempt)
      return nil
    }
    guard attempt.received <= Self.largestAnswer else {
      breakOff(attempt, ProviderError(.upstream, "the answer is too long"))
      return nil
    }
    guard let client, !client.isWritable else { return nil }
    let promise = gateway.loop.makePromise(of: Void.self)
    attempt.hold = promise
    return promise.futureResult
  }

  func finished(_ attempt: Attempt) {
    attempt.drain?.cancel()
    guard isCurrent(attempt) else { return }
    switch attempt.stage {
    case .waiting: broken(attempt, .truncated, last: [])
    case .refused(let status, let retryAfter, let body):
      refused(attempt, status: status, retryAfter: retryAfter, body: body)
    case .answering:
      let output = attempt.relay?.end() ?? []
      if let failure = attempt.relay?.failure { return broken(attempt, failure, last: output) }
      if !output.isEmpty, !deliver(output, of: attempt, isAll: true) { return }
      complete(attempt)
    }
  }

  func failed(_ attempt: Attempt, _ error: any Error) {
    attempt.drain?.cancel()
    guard isCurrent(attempt) else { return }
    let wasSent = attempt.isSent
    let name = attempt.offer.key.provider
    guard wasSent else {
      let error = ProviderError(.upstream, "the provider '\(name)' cannot be reached")
      return gaveNothing(attempt, .unreachable, error)
    }
    breakOff(attempt, .truncated)
  }

  // MARK: - How it ends

  /// The dialect's own end has come before that of the connection, for which nobody has to wait. What
  /// is left of it is read, so that the connection can be used again.
  private func completeEarly(_ attempt: Attempt) {
    attempt.drain = gateway.loop.scheduleTask(in: .seconds(5)) { attempt.task?.cancel() }
    complete(attempt)
  }

  private func complete(_ attempt: Attempt) {
    guard let use = attempt.use else { return }
    // A client whose connection ends with its answer has not left it.
    stage = .between
    let settlement = attempt.accounting.settle(use, outcome: "ok")
    report.firstByte = attempt.firstByte
    if let cacheKey, let cached {
      let answer = AnswerCache.Answer(contentType: contentType, body: cached)
      gateway.cache?.keep(answer, for: cacheKey, now: gateway.now())
    }
    endSpool(attempt, .complete, settlement)
    client?.finish()
    conclude(attempt, settlement, nil)
    end()
  }

  /// The answer broke off, or was none.
  private func broken(_ attempt: Attempt, _ said: ProviderError, last: ArraySlice<UInt8>) {
    stopAsking(attempt)
    let provider = gateway.providers[attempt.offer.key.provider]
    let error = provider?.withoutKey(said) ?? said
    var last = last
    // An error that repeats the key is told in our own words.
    if error != said { last = ErrorShape.frame(error, of: dialect)[...] }
    guard hasAnswered else {
      return gaveNothing(attempt, .broken, error)
    }
    let settlement = attempt.accounting.settle(
      attempt.use ?? ObservedUse(),
      outcome: "broken: \(error.message)"
    )
    if !last.isEmpty, !deliver(last, of: attempt, isAll: false) { return }
    report.fail(error)
    endSpool(attempt, .failed, settlement)
    endBrokenAnswer()
    conclude(attempt, settlement, .broken)
    end()
  }

  /// Ends what the client was being sent: a stream has its error in it, anything else is cut, so
  /// that nobody takes it for whole.
  private func endBrokenAnswer() {
    guard let client else { return }
    if scan.isStream { client.finish() } else { client.abort() }
  }

  /// The gateway breaks the answer off.
  func breakOff(_ attempt: Attempt, _ error: ProviderError) {
    let output = attempt.relay?.breakOff(error) ?? []
    broken(attempt, error, last: output[...])
  }

  private func refused(
    _ attempt: Attempt,
    status: Int,
    retryAfter: Duration?,
    body: [UInt8]
  ) {
    let family = attempt.plan.dialect.family
    let seconds = retryAfter.map { $0 / .seconds(1) }
    var error = ErrorReader.read(status: status, body: body, of: family, retryAfter: seconds)
    if status == 401 || status == 403 {
      // Providers repeat parts of the key in it.
      let name = attempt.offer.key.provider
      error = ProviderError(.upstream, "the provider '\(name)' does not accept the gateway's key")
    }
    if let provider = gateway.providers[attempt.offer.key.provider] {
      error = provider.withoutKey(error)
    }
    if status < 400 {
      error = ProviderError(.upstream, "the provider answered with status \(status)")
    }
    let asked = error.retryAfter.map { Duration.milliseconds(Int64($0 * 1000)) } ?? retryAfter
    gaveNothing(attempt, .status(status, retryAfter: asked), error)
  }

  /// Nothing of an answer has reached the client: another attempt may be made.
  func gaveNothing(_ attempt: Attempt, _ failure: CallFailure, _ error: ProviderError) {
    let outcome = failure.outcomeText
    let settlement: CallSettlement
    if !failure.mayBeBilled || !attempt.isSent {
      settlement = .release(outcome: outcome)
    } else if let use = attempt.use, use.usage != nil || use.textBytes > 0 {
      settlement = attempt.accounting.settle(use, outcome: outcome)
    } else {
      settlement = .unknown(outcome: outcome)
    }
    conclude(attempt, settlement, failure)
    lastError = error
    stage = .between
    if client == nil, idempotencyKey == nil { return end() }
    // What was named is paid for once.
    if idempotencyKey != nil, failure.mayBeBilled { return fail(error) }
    let situation = RetryPolicy.Situation(
      attempts: tries,
      hasAnswered: hasAnswered,
      offersLeft: offers.count - place - 1,
      lastWait: lastWait,
      timeLeft: timeLeft()
    )
    switch gateway.decide(failure, situation) {
    case .failOver:
      place += 1
      tryNextOffer()
    case .again(let wait):
      lastWait = wait
      let pause = gateway.loop.scheduleTask(in: TimeAmount(wait)) { self.resumed() }
      stage = .pausing(pause)
    case .giveUp: fail(error)
    }
  }

  private func resumed() {
    guard case .pausing = stage else { return }
    stage = .between
    tryNextOffer()
  }

  /// The client has gone, and nobody will come for the answer.
  func cancel(_ attempt: Attempt) {
    stopAsking(attempt)
    let settlement: CallSettlement
    if !attempt.isSent {
      settlement = .release(outcome: "cancelled")
    } else if case .refused(let status, _, _) = attempt.stage {
      settlement = .release(outcome: "status \(status)")
    } else if let use = attempt.use, use.usage != nil || use.textBytes > 0 {
      settlement = attempt.accounting.settle(use, outcome: "cancelled")
    } else {
      settlement = .unknown(outcome: "cancelled")
    }
    endSpool(attempt, .cancelled, settlement)
    report.outcome = "cancelled"
    conclude(attempt, settlement, .clientGone)
    end()
  }

  /// From here on nothing that the upstream says matters: that it was cancelled is said at once.
  func stopAsking(_ attempt: Attempt) {
    stage = .between
    attempt.task?.cancel()
    attempt.resume()
  }

  /// Brings an attempt into the books.
  func conclude(_ attempt: Attempt, _ settlement: CallSettlement, _ failure: CallFailure?) {
    attempt.resume()
    endSpool(attempt, .failed, settlement)
    gateway.endHealth(attempt, failure?.outcome ?? .success)
    report.settle(attempt, settlement, now: gateway.now())
    guard let call = attempt.call else { return }
    gateway.flights[call] = nil
    gateway.book(settlement, of: call)
  }

  // MARK: - Time

  private func timeLeft() -> Duration {
    let total = gateway.configuration.routing.timeouts.total
    let passed = gateway.now() - started
    return total - .nanoseconds(passed.nanoseconds)
  }

  /// One timer a request: it looks when something would be due, and is set anew.
  private func watchTime(_ attempt: Attempt) {
    timer?.cancel()
    let timeouts = gateway.configuration.routing.timeouts
    let due = min(limit(of: attempt, timeouts), started + TimeAmount(timeouts.total))
    timer = gateway.loop.scheduleTask(deadline: due) { self.timeCame(attempt) }
  }

  private func limit(of attempt: Attempt, _ timeouts: Timeouts) -> NIODeadline {
    // The client is being waited for, not the provider.
    if attempt.hold != nil { return .distantFuture }
    guard attempt.firstByte == nil else { return attempt.lastActivity + TimeAmount(timeouts.idle) }
    // What is no stream comes when it is whole, however long the model takes.
    guard scan.isStream else { return .distantFuture }
    return attempt.lastActivity + TimeAmount(timeouts.firstByte)
  }

  private func timeCame(_ attempt: Attempt) {
    guard isCurrent(attempt) else { return }
    let timeouts = gateway.configuration.routing.timeouts
    let now = gateway.now()
    let isOver = now >= started + TimeAmount(timeouts.total)
    guard isOver || now >= limit(of: attempt, timeouts) else { return watchTime(attempt) }
    let error = ProviderError(
      .timeout,
      isOver
        ? "the request's time is over" : "the provider '\(attempt.offer.key.provider)' fell silent"
    )
    if hasAnswered { return breakOff(attempt, error) }
    stopAsking(attempt)
    gaveNothing(attempt, .silent, error)
  }
}

extension UpstreamPlan {
  var chatRequest: ChatRequest? {
    if case .chat(let request) = kind { request } else { nil }
  }
}

extension CallFailure {
  /// As the ledger keeps it.
  var outcomeText: String {
    switch self {
    case .unreachable: "unreachable"
    case .silent: "silent"
    case .status(let status, _): "status \(status)"
    case .broken: "broken"
    case .clientGone: "cancelled"
    }
  }
}

/// When a provider wants to be asked again.
enum RetryAfter {
  static func read(_ headers: HTTPHeaders) -> Duration? {
    if let text = headers.first(name: "retry-after-ms"), let milliseconds = Int64(text),
      (0...86_400_000).contains(milliseconds)
    {
      return .milliseconds(milliseconds)
    }
    // A date instead of seconds is rare, and says nothing without the provider's clock.
    guard let text = headers.first(name: "retry-after"), let seconds = Double(text), seconds >= 0,
      seconds <= 86_400
    else { return nil }
    return .milliseconds(Int64(seconds * 1000))
  }
}
