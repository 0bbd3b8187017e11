import Catalogue
import NIOCore
import NIOHTTP1

/// Whole answers to requests that were the same to the byte, each for the key that asked.
///
/// Kept in memory until they are too old, or others need the room; what was used longest ago goes
/// first. Used on one event loop.
final class AnswerCache {
  struct Key: Hashable {
    /// The virtual key: nobody is given what another one asked.
    let owner: String
    let hash: [UInt8]
  }

  struct Answer {
    let contentType: String
    let body: [UInt8]
  }

  private struct Entry {
    let answer: Answer
    let until: NIODeadline
    var used: UInt64
  }

  /// One answer takes no more of the room than this; bytes.
  static let largestAnswer = 4 << 20

  private let settings: CacheSettings
  private var entries: [Key: Entry] = [:]
  private var bytes = 0
  private var clock: UInt64 = 0
  private(set) var hits = 0
  private(set) var misses = 0

  init(_ settings: CacheSettings) {
    self.settings = settings
  }

  /// Whether the client leaves it to the cache: `Cache-Control: no-cache` and `no-store` do not.
  static func mayHold(_ headers: HTTPHeaders) -> Bool {
    !headers[canonicalForm: "cache-control"].contains {
      $0.lowercased() == "no-cache" || $0.lowercased() == "no-store"
    }
  }

  func answer(to key: Key, now: NIODeadline) -> Answer? {
    guard let entry = entries[key] else {
      misses += 1
      return nil
    }
    guard now < entry.until else {
      remove(key)
      misses += 1
      return nil
    }
    clock += 1
    entries[key]?.used = clock
    hits += 1
    return entry.answer
  }

  func keep(_ answer: Answer, for key: Key, now: NIODeadline) {
    let size = answer.body.count + 256
    guard size <= min(Self.largestAnswer, Int(clamping: settings.bytes)) else { return }
    remove(key)
    clock += 1
    entries[key] = Entry(answer: answer, until: now + TimeAmount(settings.keep), used: clock)
    bytes += size
    guard bytes > Int(clamping: settings.bytes) else { return }
    makeRoom()
  }

  /// Frees an eighth, so that not every answer sorts them all.
  private func makeRoom() {
    let goal = Int(clamping: settings.bytes) / 8 * 7
    for (key, _) in entries.sorted(by: { $0.value.used < $1.value.used }) {
      guard bytes > goal else { return }
      remove(key)
    }
  }

  private func remove(_ key: Key) {
    guard let entry = entries.removeValue(forKey: key) else { return }
    bytes -= entry.answer.body.count + 256
  }
}
