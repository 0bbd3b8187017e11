/// How many requests and tokens a key may use a minute.
///
/// Two buckets that fill evenly and hold a minute's worth. A request is let in while both have
/// something; its tokens are taken as estimated and put right when they are known, so that the
/// level may go below zero and is paid back by waiting. Moments are counted from any fixed one.
package struct RateLimit: Hashable, Sendable {
  private var requests: Bucket?
  private var tokens: Bucket?

  package init(requestsPerMinute: Int64?, tokensPerMinute: Int64?) {
    requests = requestsPerMinute.map { Bucket(perMinute: $0) }
    tokens = tokensPerMinute.map { Bucket(perMinute: $0) }
  }

  /// What is used up, and when there is some again.
  package struct Refusal: Error, Hashable, Sendable {
    package enum What: String, Hashable, Sendable {
      case requests, tokens
    }

    package var what: What
    package var perMinute: Int64
    /// What was asked, of ``what``.
    package var asked: Int64
    package var left: Int64
    package var wait: Duration
  }

  /// Takes one request and an estimate of its tokens.
  package mutating func admit(tokens estimate: Int, at now: Duration) throws(Refusal) {
    requests?.fill(at: now)
    tokens?.fill(at: now)
    if let bucket = requests, !bucket.holds(1) {
      throw bucket.refusal(.requests, asked: 1)
    }
    // A request larger than a minute's worth is let in when the bucket is full.
    if let bucket = tokens, !bucket.holds(min(Int64(clamping: estimate), bucket.perMinute)) {
      throw bucket.refusal(.tokens, asked: Int64(clamping: estimate))
    }
    requests?.take(1)
    tokens?.take(Int64(clamping: estimate))
  }

  /// Puts an estimate right.
  package mutating func correct(estimate: Int, used: Int) {
    tokens?.take(Int64(clamping: used) - Int64(clamping: estimate))
  }

  private struct Bucket: Hashable, Sendable {
    let perMinute: Int64
    private var level: Double
    private var filled: Duration?

    init(perMinute: Int64) {
      self.perMinute = min(max(perMinute, 1), 1 << 40)
      level = Double(self.perMinute)
    }

    mutating func fill(at now: Duration) {
      defer { filled = now }
      guard let filled, now > filled else { return }
      let minutes = min(now - filled, .seconds(60)) / .seconds(60)
      level = min(Double(perMinute), level + Double(perMinute) * minutes)
    }

    /// Less than a millionth of a request is lack of precision.
    func holds(_ count: Int64) -> Bool { level + 1e-6 >= Double(max(count, 1)) }

    mutating func take(_ count: Int64) {
      let most = Double(perMinute)
      level = min(most, max(level - Double(count), -10 * most))
    }

    func refusal(_ what: Refusal.What, asked: Int64) -> Refusal {
      let needed = Double(max(min(asked, perMinute), 1)) - level
      let seconds = needed * 60 / Double(perMinute)
      return Refusal(
        what: what,
        perMinute: perMinute,
        asked: asked,
        left: Int64(max(0, level)),
        wait: .milliseconds(Int64(seconds * 1000) + 1)
      )
    }
  }
}
