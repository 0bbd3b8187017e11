import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOSSL
import Policy

/// The connections to servers of one event loop: made when needed, kept while they are of use.
final class UpstreamPool {
  struct Destination: Hashable {
    var host: String
    var port: UInt16
    var isTLS: Bool
    /// Whether codings are taken off, because answers are looked into.
    var isDecoding: Bool
    /// Whether nothing but HTTP/1.1 will do, and the connection is not shared.
    var isTunnel: Bool

    /// What a connection of HTTP/2 serves, whose streams differ in the rest.
    var shared: Destination {
      Destination(host: host, port: port, isTLS: isTLS, isDecoding: false, isTunnel: false)
    }
  }

  typealias Answer = (Result<UpstreamLink, Refusal>) -> Void

  private let loop: any EventLoop
  private let dialer: any Dialer
  private let trust: UpstreamTrust
  private let bounds: HTTPBounds
  private var idle: [Destination: [UpstreamLink]] = [:]
  private var sessions: [Destination: [UpstreamSession]] = [:]
  private var waiting: [Destination: CircularBuffer<() -> Void>] = [:]
  private var counts: [Destination: Int] = [:]
  /// Connections of an older policy serve nobody new: their addresses were granted by it.
  private var generation: UInt64 = 0
  private var sweep: RepeatedTask?

  init(on loop: any EventLoop, dialer: any Dialer, trust: UpstreamTrust, bounds: HTTPBounds) {
    self.loop = loop
    self.dialer = dialer
    self.trust = trust
    self.bounds = bounds
  }

  /// Finds or makes a connection.
  ///
  /// - Parameters:
  ///   - freshness: the longest that a kept connection may have been idle; nil for a new one.
  func lease(
    _ destination: Destination,
    flow: Flow,
    rule: HostRule,
    generation: UInt64,
    freshness: TimeAmount?,
    _ answer: @escaping Answer
  ) {
    if generation > self.generation {
      self.generation = generation
      retireAll()
    }
    if freshness != nil, let session = sessions[destination.shared]?.first(where: \.takesMore),
      !destination.isTunnel
    {
      return session.open(isDecoding: destination.isDecoding, answer)
    }
    if let freshness, !destination.isTunnel {
      let oldest = loop.now - freshness
      while let link = idle[destination]?.popLast() {
        if link.isUsable, link.idleSince >= oldest { return answer(.success(link)) }
        link.close()
      }
    }
    guard counts[destination, default: 0] < bounds.upstreams else {
      guard waiting[destination, default: []].count < bounds.waiting else {
        let reason = "\(bounds.waiting) requests wait for a connection to \(destination.host)"
        return answer(.failure(Refusal(.limit, rule: Refusal.bounds, reason: reason)))
      }
      waiting[destination, default: []].append { [self] in
        lease(
          destination,
          flow: flow,
          rule: rule,
          generation: generation,
          freshness: freshness,
          answer
        )
      }
      return
    }
    connect(destination, flow: flow, rule: rule, answer)
  }

  /// What serves nobody ends now, and the rest when it serves nobody any more.
  func retireAll() {
    dropIdle { _ in true }
    sessions.values.joined().forEach { $0.retire() }
  }

  private func connect(
    _ destination: Destination,
    flow: Flow,
    rule: HostRule,
    _ answer: @escaping Answer
  ) {
    counts[destination, default: 0] += 1
    let attempt = Attempt(destination, answer: answer)
    attempt.timeout = loop.assumeIsolated().scheduleTask(in: bounds.handshakeTime) {
      attempt.channel?.close(promise: nil)
      self.fail(attempt, ChannelError.connectTimeout(self.bounds.handshakeTime))
    }
    let bound = NIOLoopBound((pool: self, attempt: attempt), eventLoop: loop)
    let trust = trust
    let dialed = dialer.dial(flow, rule: rule, on: loop) { channel in
      channel.eventLoop.makeCompletedFuture {
        let (pool, attempt) = bound.value
        try pool.prepare(channel, attempt, trust)
      }
    }
    dialed.hop(to: loop).assumeIsolated().whenComplete { result in
      switch result {
      case .success(let channel):
        attempt.channel = channel
        if attempt.isOver { return channel.close(promise: nil) }
        if !destination.isTLS { self.establish(channel, attempt, nil) }
      case .failure(let error):
        self.fail(attempt, error)
      }
    }
  }

  /// A connection in the making.
  private final class Attempt {
    let destination: Destination
    private var answer: Answer?
    var timeout: Scheduled<Void>?
    var channel: (any Channel)?

    init(_ destination: Destination, answer: @escaping Answer) {
      self.destination = destination
      self.answer = answer
    }

    var isOver: Bool { answer == nil }

    func end(_ result: Result<UpstreamLink, Refusal>) {
      timeout?.cancel()
      let answer = self.answer
      self.answer = nil
      answer?(result)
    }
  }

  private func prepare(_ channel: any Channel, _ attempt: Attempt, _ trust: UpstreamTrust) throws {
    try channel.syncOptions?.setOption(.autoRead, value: false)
    guard attempt.destination.isTLS else { return }
    let pipeline = channel.pipeline.syncOperations
    let isLiteral = isAddressLiteral(attempt.destination.host)
    try pipeline.addHandler(
      NIOSSLClientHandler(
        context: attempt.destination.isTunnel ? trust.http1 : trust.any,
        serverHostname: isLiteral ? nil : attempt.destination.host
      )
    )
    try pipeline.addHandler(
      UpstreamGate { result in
        switch result {
        case .success(let negotiated): self.establish(channel, attempt, negotiated)
        case .failure(let error): self.fail(attempt, error)
        }
      }
    )
  }

  private func establish(_ channel: any Channel, _ attempt: Attempt, _ negotiated: String?) {
    guard !attempt.isOver else { return channel.close(promise: nil) }
    if negotiated == "h2" { return establishSession(channel, attempt) }
    let destination = attempt.destination
    let link = UpstreamLink(isHTTP1: true) { [weak self] link, isReusable in
      self?.released(link, destination, isReusable)
    }
    do {
      let pipeline = channel.pipeline.syncOperations
      var framing = HTTPRequestEncoder.Configuration()
      framing.automaticallySetFramingHeaders = false
      try pipeline.addHandler(HTTPRequestEncoder(configuration: framing))
      try pipeline.addHandler(
        ByteToMessageHandler(
          HTTPResponseDecoder(
            leftOverBytesStrategy: .forwardBytes,
            informationalResponseStrategy: .forward
          )
        )
      )
      if destination.isDecoding {
        try pipeline.addHandler(NIOHTTPResponseDecompressor(limit: .ratio(bounds.inflation)))
      }
      try pipeline.addHandler(link)
      attempt.end(.success(link))
    } catch {
      channel.close(promise: nil)
      fail(attempt, error)
    }
  }

  private func establishSession(_ channel: any Channel, _ attempt: Attempt) {
    let destination = attempt.destination.shared
    let session = UpstreamSession(channel, bounds: bounds) { [weak self] in
      self?.wakeShared(destination)
    } ended: { [weak self] session in
      self?.free(attempt.destination)
      self?.sessions[destination]?.removeAll { $0 === session }
      if self?.sessions[destination]?.isEmpty == true { self?.sessions[destination] = nil }
    }
    do {
      try session.install()
      sessions[destination, default: []].append(session)
      startSweep()
      session.open(isDecoding: attempt.destination.isDecoding) { attempt.end($0) }
      for _ in 0..<bounds.streams { wakeShared(destination) }
    } catch {
      channel.close(promise: nil)
      fail(attempt, error)
    }
  }

  private func fail(_ attempt: Attempt, _ error: any Error) {
    guard !attempt.isOver else { return }
    free(attempt.destination)
    attempt.end(.failure(Refusal(connecting: attempt.destination.host, failedWith: error)))
  }

  private func free(_ destination: Destination) {
    let count = counts[destination, default: 0] - 1
    counts[destination] = count > 0 ? count : nil
    wake(destination)
  }

  /// The same, where a stream will do.
  private func wakeShared(_ destination: Destination) {
    guard !waiting.isEmpty else { return }
    wake(destination)
    var decoding = destination
    decoding.isDecoding = true
    wake(decoding)
  }

  /// A connection can be had again: whoever has waited longest for one tries next.
  private func wake(_ destination: Destination) {
    guard let next = waiting[destination]?.popFirst() else { return }
    if waiting[destination]?.isEmpty == true { waiting[destination] = nil }
    loop.assumeIsolated().execute(next)
  }

  private func released(_ link: UpstreamLink, _ destination: Destination, _ isReusable: Bool) {
    guard isReusable, !destination.isTunnel else {
      if let index = idle[destination]?.firstIndex(where: { $0 === link }) {
        idle[destination]?.remove(at: index)
      }
      if !link.isFreed {
        link.isFreed = true
        free(destination)
      }
      if idle[destination]?.isEmpty == true { idle[destination] = nil }
      return
    }
    if idle[destination, default: []].count >= bounds.idleUpstreams { return link.close() }
    idle[destination, default: []].append(link)
    wake(destination)
    startSweep()
  }

  /// Closes what has served nobody for long.
  private func startSweep() {
    guard sweep == nil else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    sweep = loop.scheduleRepeatedTask(
      initialDelay: bounds.idleUpstream,
      delay: bounds.idleUpstream
    ) { task in
      let pool = bound.value
      let oldest = pool.loop.now - pool.bounds.idleUpstream
      pool.dropIdle { $0.idleSince < oldest }
      for session in pool.sessions.values.joined()
      where session.streams == 0 && session.idleSince < oldest {
        session.retire()
      }
      if pool.idle.isEmpty, pool.sessions.isEmpty {
        task.cancel()
        pool.sweep = nil
      }
    }
  }

  private func dropIdle(where isOld: (UpstreamLink) -> Bool) {
    for (destination, links) in idle {
      let old = links.filter(isOld)
      let kept = links.filter { link in !old.contains { $0 === link } }
      idle[destination] = kept.isEmpty ? nil : kept
      old.forEach { $0.close() }
    }
  }
}

extension Refusal {
  fileprivate init(connecting host: String, failedWith error: any Error) {
    switch error {
    case let refusal as Refusal:
      self = refusal
    case NIOSSLError.handshakeFailed(let cause):
      let text = String(describing: cause)
      let isDoubt = text.contains("CERTIFICATE_VERIFY_FAILED")
      self.init(
        .unreachable,
        rule: isDoubt ? Refusal.certificate : Refusal.server,
        reason: isDoubt
          ? "nobody that this machine trusts vouches for the certificate of \(host)"
          : "the handshake with \(host) failed: \(text.prefix(200))"
      )
    case is NIOSSLExtraError:
      self.init(
        .unreachable,
        rule: Refusal.certificate,
        reason: "the certificate that \(host) shows is for another name"
      )
    case ChannelError.connectTimeout:
      self.init(.unreachable, rule: Refusal.server, reason: "\(host) did not answer in time")
    default:
      self.init(
        .unreachable,
        rule: Refusal.server,
        reason: "no connection to \(host): \(String(describing: error).prefix(200))"
      )
    }
  }
}
