import Journal
import NIOCore

/// A virtual key that is in use, with what it has used this minute.
final class ActiveKey {
  fileprivate(set) var terms: VirtualKey
  /// Whether any account that it draws on has a limit: then nothing without a price is called.
  fileprivate(set) var isBounded: Bool
  var limit: RateLimit

  /// The run whose key this is: such a key is named after its budget, `run:ID`.
  var run: String? {
    guard let account = terms.account, account == terms.name, account.hasPrefix("run:") else {
      return nil
    }
    return String(account.dropFirst(4))
  }

  fileprivate init(_ terms: VirtualKey, isBounded: Bool) {
    self.terms = terms
    self.isBounded = isBounded
    limit = Self.limit(of: terms)
  }

  fileprivate static func limit(of terms: VirtualKey) -> RateLimit {
    RateLimit(
      requestsPerMinute: terms.requestsPerMinute,
      tokensPerMinute: terms.tokensPerMinute
    )
  }
}

/// The keys that clients show, looked up in the ledger at most once a second each: a key that is
/// revoked is refused a second later at the latest. Used on one event loop.
final class KeyRing {
  private struct Entry {
    let key: ActiveKey?
    let until: NIODeadline
  }

  private let ledger: Ledger
  private var entries: [String: Entry] = [:]
  private var active: [String: ActiveKey] = [:]
  private static let memory: TimeAmount = .seconds(1)
  /// Whoever guesses keys does not fill the memory.
  private static let most = 4096

  init(_ ledger: Ledger) {
    self.ledger = ledger
  }

  /// Nil where it is no key of ours, or a revoked one.
  func key(_ text: String, now: NIODeadline) throws(LedgerError) -> ActiveKey? {
    if let entry = entries[text], now < entry.until { return entry.key }
    guard let secret = KeySecret(text) else { return nil }
    let found = try ledger.key(secret)
    if entries.count >= Self.most { entries.removeAll() }
    let key = try found.map { terms throws(LedgerError) in try activated(terms) }
    entries[text] = Entry(key: key, until: now + Self.memory)
    return key
  }

  private func activated(_ terms: VirtualKey) throws(LedgerError) -> ActiveKey {
    let isBounded = try isBounded(terms.account)
    guard let known = active[terms.prefix], known.terms == terms else {
      let key = ActiveKey(terms, isBounded: isBounded)
      active[terms.prefix] = key
      return key
    }
    known.isBounded = isBounded
    return known
  }

  private func isBounded(_ account: String?) throws(LedgerError) -> Bool {
    guard var next = account else { return false }
    let accounts = Dictionary(
      try ledger.accounts().map { ($0.account.id, $0.account) },
      uniquingKeysWith: { first, _ in first }
    )
    for _ in 0..<Account.deepest {
      // An account that is not there has no room for anything: the ledger says so.
      guard let account = accounts[next], account.limit == nil else { return true }
      guard let parent = account.parent else { return false }
      next = parent
    }
    return true
  }
}
