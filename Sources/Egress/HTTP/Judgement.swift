import NIOCore
import NIOHTTP1
import Policy

/// What becomes of a request, decided before anything of it goes on.
enum Judgement {
  case refused(Refusal, status: Int)
  case forward(ForwardPlan)
}

/// A request as it goes on, and what is watched meanwhile.
struct ForwardPlan {
  enum Body {
    /// Passes as it comes.
    case stream
    /// Is read whole, because a secret is bound to a field of it.
    case field(BodyBinding)
    /// Begins with the commands of a push, which are judged before it goes on.
    case push(GitGrant)
  }

  var canonical: CanonicalRequest
  var rule: HostRule
  var grant: RequestGrant
  var generation: UInt64
  var head: HTTPRequestHead
  var body: Body
  /// The secrets that the request carries now; their values are taken out of the answer.
  var carried: [Secret] = []
  var isWebSocket = false
}

extension ConnectionScope {
  /// Judges the head of a request. Pure but for the policy of the moment.
  func judge(_ request: RequestHead) -> (judgement: Judgement, canonical: CanonicalRequest?) {
    let (policy, admission, generation) = current()
    let canonical: CanonicalRequest
    do throws(RequestProblem) {
      canonical = try CanonicalRequest(
        method: request.method,
        target: request.target,
        scheme: scheme,
        authority: request.authority,
        headers: request.headers.map { (name: $0.name, value: $0.value) }
          + (request.upgrade.map { [(name: "upgrade", value: $0)] } ?? [])
      )
    } catch {
      return (
        .refused(Refusal(.malformed, rule: error.rule, reason: error.reason), status: 400), nil
      )
    }
    if let refusal { return (.refused(refusal, status: 403), canonical) }
    guard canonical.host == flow.host, canonical.port == flow.port else {
      let refusal = Refusal(
        .malformed,
        rule: Refusal.oneName,
        reason: "the request is for \(canonical.host):\(canonical.port) on a connection to "
          + "\(flow.host):\(flow.port)"
      )
      return (.refused(refusal, status: 400), canonical)
    }
    let rule: HostRule
    switch admission {
    case .passed(let admitted): rule = admitted
    case .inspected(let admitted, git: _): rule = admitted
    case .denied(let name, let remedy):
      let refusal = Refusal(
        .denied,
        rule: name,
        reason: "the policy does not grant \(flow.host):\(flow.port)",
        remedy: remedy
      )
      return (.refused(refusal, status: 403), canonical)
    }
    switch policy.decide(canonical, host: flow.host, port: flow.port) {
    case .denied(let name, let reason, let remedy):
      let refusal = Refusal(.denied, rule: name, reason: reason, remedy: remedy)
      return (.refused(refusal, status: 403), canonical)
    case .allowed(let grant):
      return (plan(request, canonical, rule, grant, generation), canonical)
    }
  }

  private func plan(
    _ request: RequestHead,
    _ canonical: CanonicalRequest,
    _ rule: HostRule,
    _ grant: RequestGrant,
    _ generation: UInt64
  ) -> Judgement {
    if let limit = grant.bodyLimit, case .length(let length) = request.framing, length > limit {
      return .refused(Refusal(bodyOver: limit, rule: grant.rule), status: 413)
    }
    let isWebSocket = request.upgrade == "websocket"
    if let upgrade = request.upgrade, !isWebSocket || !grant.websocket {
      // Whoever offers HTTP/2 in the clear is content with HTTP/1.1.
      if upgrade != "h2c" {
        return .refused(Refusal(upgrade: upgrade, rule: grant.rule, host: flow.host), status: 403)
      }
    }
    if isWebSocket, let problem = WebSocketHandshake.problem(request) {
      return .refused(Refusal(.malformed, rule: Refusal.ambiguous, reason: problem), status: 400)
    }
    var head = HTTPRequestHead(
      version: .http1_1,
      method: HTTPMethod(rawValue: request.method),
      uri: canonical.target
    )
    head.headers.reserveCapacity(20)
    head.headers.add(name: "host", value: Self.authority(canonical))
    for (name, value) in request.headers { head.headers.add(name: name, value: value) }
    var plan = ForwardPlan(
      canonical: canonical,
      rule: rule,
      grant: grant,
      generation: generation,
      head: head,
      body: .stream,
      isWebSocket: isWebSocket
    )
    if let git = grant.git, git.request.service == .push, git.request.step == .exchange {
      guard !request.headers.contains(name: "content-encoding") else {
        let refusal = Refusal(
          .malformed,
          rule: grant.rule,
          reason: "the commands of the push are hidden by a content encoding"
        )
        return .refused(refusal, status: 400)
      }
      plan.body = .push(git)
      // The report is read, to learn what this run pushed.
      plan.head.headers.replaceOrAdd(name: "accept-encoding", value: "identity")
    }
    // What stays on this machine is read by nobody on its way.
    let isPrivate = isTLS || rule.staysHere
    if !office.secrets.isEmpty, let refusal = office.secrets.swap(&plan, isPrivate: isPrivate) {
      return .refused(refusal, status: 403)
    }
    switch request.framing {
    case .none:
      if ["POST", "PUT", "PATCH"].contains(request.method) {
        plan.head.headers.add(name: "content-length", value: "0")
      }
    case .length(let length):
      plan.head.headers.add(name: "content-length", value: String(length))
    case .chunked:
      plan.head.headers.add(name: "transfer-encoding", value: "chunked")
    }
    if isWebSocket {
      plan.head.headers.add(name: "connection", value: "Upgrade")
      plan.head.headers.add(name: "upgrade", value: "websocket")
    }
    return .forward(plan)
  }

  private static func authority(_ request: CanonicalRequest) -> String {
    let usual: UInt16 = request.scheme == "https" ? 443 : 80
    return request.port == usual ? request.host : "\(request.host):\(request.port)"
  }
}

extension Refusal {
  init(bodyOver limit: UInt64, rule: String) {
    self.init(
      .denied,
      rule: rule,
      reason: "the body of the request is larger than \(limit) bytes",
      remedy: "a larger body: in the rule"
    )
  }

  fileprivate init(upgrade: String, rule: String, host: String) {
    let isWebSocket = upgrade == "websocket"
    self.init(
      .denied,
      rule: rule,
      reason: isWebSocket
        ? "the policy does not grant WebSockets to \(host)"
        : "a connection does not become something that cannot be looked into",
      remedy: isWebSocket ? "websocket: true in the entry host: \(host)" : nil
    )
  }
}
