import Crypto
import NIOConcurrencyHelpers
import NIOCore
import Policy

/// A push that waits for its pack to show that its branches keep what they hold.
struct HeldPush {
  private var ancestry: PackAncestry
  /// How much was read of what is held.
  private var read: Int
  private let seat: Seat

  init(_ updates: [RefUpdate], of push: GitPush, seat: Seat) {
    let isLong = updates.first?.old.utf8.count == 64
    ancestry = PackAncestry(updates, shallow: push.shallow) { object in
      isLong ? Array(SHA256.hash(data: object)) : Array(Insecure.SHA1.hash(data: object))
    }
    read = push.length
    self.seat = seat
  }

  /// Reads on in what is held by now.
  mutating func look(
    at held: ByteBuffer,
    isWhole: Bool,
    atMost bound: Int
  ) -> PackAncestry.Progress {
    let fresh = held.getBytes(at: held.readerIndex + read, length: held.readableBytes - read) ?? []
    read += fresh.count
    let progress = ancestry.read(fresh)
    guard progress == .more else { return progress }
    if isWhole { return ancestry.end() }
    guard held.readableBytes >= bound else { return .more }
    return ancestry.end(bound: "no more than \(bound) bytes are held back")
  }

  /// One of the few places for pushes that are held back at a time, which bounds their memory.
  final class Seat {
    private let taken: NIOLockedValueBox<Int>

    init?(_ taken: NIOLockedValueBox<Int>, of bound: Int) {
      let isFree = taken.withLockedValue { taken -> Bool in
        guard taken < bound else { return false }
        taken += 1
        return true
      }
      guard isFree else { return nil }
      self.taken = taken
    }

    deinit { taken.withLockedValue { $0 -= 1 } }
  }
}
