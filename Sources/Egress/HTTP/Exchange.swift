import NIOCore
import NIOHTTP1
import Policy

/// One request of the run and its answer: judged, sent on, answered, and noted.
///
/// Lives on the event loop of the run's connection, as do both of its ends.
final class Exchange {
  enum Phase { case judging, gathering, draining, dialing, sending, tunnel, over }

  let request: RequestHead
  let scope: ConnectionScope
  private(set) var asker: (any Asker)?
  var phase: Phase = .judging
  var plan: ForwardPlan?
  var link: UpstreamLink?
  var observation: Observation
  private let started = NIODeadline.now()
  /// What was read of the body before it may go on.
  var gathered = ByteBuffer()
  var bodyIsWhole: Bool
  var push: GitPush?
  var held: HeldPush?
  /// Why the push is refused whose rest is thrown away.
  var refused: Refusal?
  var drained = 0
  var updates: [RefUpdate] = []
  var report: GitPushReport?
  private var sentBody: UInt64 = 0
  private var spotter: Spotter?
  var redactor: Redactor?
  private var package: PackageDigest?
  private var hasAnswer = false
  private var hasRetried = false
  /// An answer that ends HTTP on the connection, until all of it was read.
  private var switched: HTTPResponseHead?
  /// The server has more to say, and the run does not take it now.
  private var owesRead = false
  /// The run has more to say, and the server does not take it now.
  private var owesWant = false

  init(_ request: RequestHead, scope: ConnectionScope, asker: any Asker) {
    self.request = request
    self.scope = scope
    self.asker = asker
    bodyIsWhole = request.framing == .none
    observation = scope.observation(.denied, rule: "")
    observation.method = request.method
  }

  // MARK: Judging

  func begin() {
    let (judgement, canonical) = scope.judge(request)
    if let canonical {
      observation.path = canonical.path
      if !canonical.query.isEmpty { observation.query = canonical.query.map(\.name) }
    }
    switch judgement {
    case .refused(let refusal, let status):
      refuse(refusal, status: status)
    case .forward(let plan):
      observation.verdict = .allowed
      observation.rule = plan.grant.rule
      self.plan = plan
      switch plan.body {
      case .stream:
        spotter = scope.office.secrets.spotter()
        dial()
      case .field:
        phase = .gathering
        gather()
      case .push:
        phase = .gathering
        push = GitPush()
        gather()
      }
    }
  }

  /// Answers with a denial; the connection serves on.
  ///
  /// - Parameter body: in the place of the page, where a program wants it said in its own way.
  func refuse(_ refusal: Refusal, status: Int, body: ByteBuffer? = nil, type: String? = nil) {
    guard phase != .over else { return }
    observe(refusal)
    dropLink()
    guard !hasAnswer, let asker else { return breakOff() }
    observation.status = status
    let page = DenialPage(refusal, status: status, to: request, body: body, type: type)
    finish {
      asker.answer(page.head)
      asker.answerBody(page.body)
      asker.answerEnd(nil)
    }
  }

  func observe(_ refusal: Refusal) {
    observation.verdict = refusal.kind == .unreachable ? .failed : .denied
    observation.rule = refusal.rule
    observation.reason = refusal.reason
    observation.remedy = refusal.remedy
  }

  /// Ends what cannot be finished.
  func breakOff() {
    let asker = self.asker
    finish { asker?.abort() }
  }

  func finish(_ last: () -> Void) {
    guard phase != .over else { return }
    phase = .over
    held = nil
    observation.seconds = Double((NIODeadline.now() - started).nanoseconds) / 1e9
    scope.office.audit.note(observation)
    asker = nil
    last()
  }

  func dropLink() {
    let link = self.link
    self.link = nil
    link?.close()
  }

  // MARK: The request's body

  private func gather() {
    if bodyIsWhole { return gatheredAll() }
    asker?.goAhead()
    asker?.wantBody()
  }

  func body(_ bytes: ByteBuffer) {
    switch phase {
    case .gathering:
      var bytes = bytes
      gathered.writeBuffer(&bytes)
      gatheredMore()
    case .draining:
      drain(bytes)
    case .sending:
      pass(bytes)
      if phase == .sending { wantMore() }
    default:
      break
    }
  }

  func bodyEnd() {
    bodyIsWhole = true
    switch phase {
    case .gathering: gatheredAll()
    case .draining: reportRefusal()
    case .sending: link?.sendEnd()
    default: break
    }
  }

  func bodyIsMalformed(_ problem: HeadProblem) {
    let refusal = Refusal(.malformed, rule: Refusal.ambiguous, reason: problem.reason)
    if hasAnswer || phase == .over { breakOff() } else { refuse(refusal, status: problem.status) }
    asker?.abort()
  }

  /// Sends a piece of the body on, if it is within bounds and holds nothing that must not pass.
  private func pass(_ bytes: ByteBuffer) {
    guard let plan, let link else { return }
    sentBody += UInt64(bytes.readableBytes)
    if let limit = plan.grant.bodyLimit, sentBody > limit {
      return refuse(Refusal(bodyOver: limit, rule: plan.grant.rule), status: 413)
    }
    if let name = spotter?.find(in: bytes) {
      return refuse(Refusal(misplaced: name, in: "the body"), status: 403)
    }
    guard book(bytes.readableBytes, plan.rule) else { return }
    link.send(bytes)
  }

  private func book(_ bytes: Int, _ rule: HostRule) -> Bool {
    observation.sent += UInt64(bytes)
    if scope.office.ledger.book(bytes, for: rule) { return true }
    refuse(Refusal(budgetOf: rule, host: scope.flow.host), status: 403)
    return false
  }

  private func wantMore() {
    guard !bodyIsWhole else { return }
    link?.flush()
    if link?.isWritable == true { asker?.wantBody() } else { owesWant = true }
  }

  func linkIsWritable() {
    guard owesWant, phase == .sending else { return }
    owesWant = false
    asker?.wantBody()
  }

  // MARK: Sending

  func dial() {
    guard let plan else { return }
    phase = .dialing
    let destination = UpstreamPool.Destination(
      host: scope.flow.host,
      port: scope.flow.port,
      isTLS: scope.isTLS,
      isDecoding: !plan.carried.isEmpty,
      isTunnel: plan.isWebSocket
    )
    // What may not be said twice does not go where the server may just be hanging up.
    let bounds = scope.office.bounds
    let freshness: TimeAmount? =
      hasRetried ? nil : canRepeat ? bounds.idleUpstream : min(bounds.idleUpstream, .seconds(2))
    scope.pool.lease(
      destination,
      flow: scope.flow,
      rule: plan.rule,
      generation: plan.generation,
      freshness: freshness
    ) { result in
      switch result {
      case .success(let link): self.send(on: link)
      case .failure(let refusal): self.refuse(refusal, status: Self.status(of: refusal))
      }
    }
  }

  private static func status(of refusal: Refusal) -> Int {
    switch refusal.kind {
    case .denied: 403
    case .malformed: 400
    case .unreachable: 502
    case .limit: 503
    }
  }

  private func send(on link: UpstreamLink) {
    guard phase == .dialing, let plan else { return link.close() }
    self.link = link
    phase = .sending
    if !plan.carried.isEmpty {
      observation.credential = plan.carried.map(\.name).joined(separator: ", ")
    }
    var sent = plan.head
    if request.takesTrailers, !link.isHTTP1 { sent.headers.add(name: "te", value: "trailers") }
    // Whatever stands in a header leaves as surely as what stands in a body.
    let head = sent.headers.reduce(sent.method.rawValue.utf8.count + sent.uri.utf8.count + 13) {
      $0 + $1.name.utf8.count + $1.value.utf8.count + 4
    }
    guard book(head, plan.rule) else { return }
    link.send(sent, for: self)
    if gathered.readableBytes > 0 {
      let bytes = gathered
      gathered = ByteBuffer()
      pass(bytes)
      guard phase == .sending else { return }
    }
    if bodyIsWhole {
      link.sendEnd()
    } else {
      asker?.goAhead()
      wantMore()
    }
    link.read()
  }

  /// Whether the request may be made a second time, as far as anyone can tell.
  private var canRepeat: Bool {
    request.framing == .none && ["GET", "HEAD", "OPTIONS"].contains(request.method)
  }

  // MARK: The answer

  func answered(_ head: HTTPResponseHead) {
    guard phase == .sending, let plan, let asker else { return }
    if head.status == .switchingProtocols {
      switched = head
      return
    }
    // Informational answers concern the connection, whose two ends are ours.
    guard head.status.code >= 200 else { return }
    hasAnswer = true
    observation.status = Int(head.status.code)
    var answer: AnswerHead
    switch AnswerReader.read(head, to: request, isDecoded: !plan.carried.isEmpty) {
    case .success(let read): answer = read
    case .failure(let refusal):
      hasAnswer = false
      return refuse(refusal, status: 502)
    }
    if !plan.carried.isEmpty {
      let redactor = Redactor(plan.carried)
      answer.headers = redactor.redact(answer.headers)
      if answer.mayHaveBody { answer.length = nil }
      self.redactor = redactor
    }
    if case .push = plan.body { report = push.map { GitPushReport(usesSideBand: $0.usesSideBand) } }
    if request.method == "GET", [.ok, .partialContent].contains(head.status) {
      let isWhole = head.status == .ok && !answer.headers.contains(name: "content-encoding")
      package = PackageDigest(path: plan.canonical.path, isWhole: isWhole)
    }
    asker.answer(answer)
  }

  func answerBody(_ bytes: ByteBuffer) {
    guard phase == .sending else { return }
    observation.received += UInt64(bytes.readableBytes)
    report?.read(bytes.readableBytesView)
    if redactor != nil {
      if let clean = redactor?.redact(bytes) { hand(clean) }
    } else {
      hand(bytes)
    }
  }

  /// Gives the run a piece of the answer's body.
  private func hand(_ bytes: ByteBuffer) {
    package?.update(bytes)
    asker?.answerBody(bytes)
  }

  func answerEnd(_ trailers: HTTPHeaders?) {
    guard phase == .sending else { return }
    if let switched { return tunnel(switched) }
    if let rest = redactor?.end(), rest.readableBytes > 0 { hand(rest) }
    recordPush()
    notePackage()
    // The link goes back to its pool by itself.
    link = nil
    let asker = self.asker
    let trailers = redactor.map { redactor in trailers.map(redactor.redact) } ?? trailers
    finish { asker?.answerEnd(trailers) }
  }

  /// A row of its own for what was downloaded.
  private func notePackage() {
    guard let package else { return }
    var row = scope.observation(.allowed, rule: observation.rule)
    row.kind = .package
    row.path = observation.path
    row.received = observation.received
    row.package = package.file
    scope.office.audit.note(row)
  }

  func linkReadComplete() {
    guard phase == .sending, let asker else { return }
    if hasAnswer { asker.flushAnswer() }
    if asker.isWritable { link?.read() } else { owesRead = true }
  }

  func askerIsWritable() {
    guard owesRead else { return }
    owesRead = false
    link?.read()
  }

  func linkFailed(_ failed: UpstreamLink, _ refusal: Refusal) {
    guard link === failed, phase == .sending else { return }
    link = nil
    if hasAnswer {
      observation.verdict = .failed
      observation.reason = refusal.reason
      return breakOff()
    }
    if failed.served > 0, canRepeat, !hasRetried {
      hasRetried = true
      return dial()
    }
    refuse(refusal, status: Self.status(of: refusal))
  }

  func askerIsGone() {
    guard phase != .over, phase != .tunnel else { return }
    asker = nil
    dropLink()
    if observation.reason == nil { observation.reason = "the run broke off" }
    if observation.rule.isEmpty { observation.rule = Refusal.bounds }
    finish {}
  }
}
