import Catalogue
import Dialects
import Journal
import NIOCore

/// A request whose idempotency key has been here before.
extension Exchange {
  /// What was reserved under the same key before says what this request gets.
  func repeated(_ record: CallRecord) {
    report.call = record.id.description
    switch record.state {
    case .reserved:
      if let leader = gateway.flights[record.id] { return follow(leader, record.id) }
      // Of this gateway: it has just been closed, and the ledger is told before it is asked again.
      if record.epoch == gateway.epoch.id, looks < 3 {
        looks += 1
        return tryNextOffer()
      }
      fail(
        ProviderError(
          .rateLimit,
          "the first request with this Idempotency-Key is still being answered elsewhere",
          status: 409
        )
      )
    case .settled:
      replay(record.id)
    case .released:
      // Nothing was paid for it: another attempt may be made.
      firstCall = record.first
      attempts = record.attempt
      place = 0
      tryNextOffer()
    case .unknown:
      fail(.lost(record))
    }
  }

  private func follow(_ leader: Exchange, _ call: CallID) {
    if leader.hasAnswered { return replay(call) }
    guard client != nil else { return end() }
    stage = .following(nil)
    watchFollowing()
    leader.followers.append(self)
  }

  /// Whoever does not read what is repeated is not waited for longer than for any other answer.
  private func watchFollowing() {
    timer?.cancel()
    let total = TimeAmount(gateway.configuration.routing.timeouts.total)
    timer = gateway.loop.scheduleTask(deadline: max(started + total, gateway.now())) {
      guard case .following(let replay) = self.stage else { return }
      replay?.stop()
      self.client?.abort()
      self.end()
    }
  }

  /// The exchange that this one waited for is over, without an answer: the ledger knows how.
  func leaderEnded() {
    guard case .following(nil) = stage else { return }
    // Who has gone while another was asked for it has nothing to pay for.
    guard client != nil else { return end() }
    stage = .between
    place = 0
    tryNextOffer()
  }

  /// Gives what the spool has of a call's answer, as far as it has come.
  func replay(_ call: CallID) {
    // Its client may have gone while it waited, and then nobody takes an answer.
    if case .over = stage { return }
    guard client != nil else { return end() }
    do throws(SpoolError) {
      guard let cursor = try gateway.spool.answer(of: CallNumber(call.number)) else {
        return fail(.forgotten(call))
      }
      let replay = Replay(cursor, of: call, to: self)
      stage = .following(replay)
      watchFollowing()
      report.outcome = "replayed"
      replay.begin()
    } catch {
      gateway.complain("\(error)")
      fail(.forgotten(call))
    }
  }
}

/// An answer that is read from the spool and passed on, while it may still be being written.
///
/// Used on the gateway's event loop; its watcher is called there too, because all writing happens
/// there. That makes `@unchecked Sendable` true.
final class Replay: @unchecked Sendable {
  private var cursor: AnswerCursor
  private let call: CallID
  /// Freed when the exchange lets go of this one, at its end.
  private let exchange: Exchange
  private var watch: Spool.Watch?
  private var isPumping = false
  private var isOver = false
  private var hasBegun = false

  init(_ cursor: AnswerCursor, of call: CallID, to exchange: Exchange) {
    self.cursor = cursor
    self.call = call
    self.exchange = exchange
  }

  func begin() {
    let loop = exchange.gateway.loop
    watch = exchange.gateway.spool.watch(CallNumber(call.number)) {
      // Not within the write that tells of it.
      loop.execute { self.pump() }
    }
    pump()
  }

  func stop() {
    isOver = true
    if let watch { exchange.gateway.spool.stopWatching(watch) }
    watch = nil
  }

  /// Passes on what there is, as far as the client takes it.
  func pump() {
    guard !isOver, !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    while let client = exchange.client, client.isWritable || !hasBegun {
      do throws(SpoolError) {
        guard let part = try cursor.next(), pass(part, to: client) else { return }
      } catch {
        exchange.gateway.complain("\(error)")
        return breakOff(client)
      }
    }
  }

  /// False where nothing more is to be read now.
  private func pass(_ part: AnswerCursor.Part, to client: ClientConnection) -> Bool {
    switch part {
    case .begin(let head):
      guard var response = SpooledHead(encoded: head.response) else {
        breakOff(client)
        return false
      }
      response.headers.append(("x-caisson-replayed", "true"))
      hasBegun = true
      client.begin(response)
    case .piece(let bytes): client.write(bytes[...])
    case .end(let end):
      stop()
      if end.outcome == .complete || exchange.scan.isStream {
        client.finish()
      } else {
        client.abort()
      }
      exchange.end()
      return false
    case .waiting: return false
    case .brokenOff:
      breakOff(client)
      return false
    }
    return true
  }

  private func breakOff(_ client: ClientConnection) {
    stop()
    if hasBegun {
      client.abort()
      exchange.end()
    } else {
      exchange.fail(.forgotten(call))
    }
  }
}
