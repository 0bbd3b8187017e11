import Catalogue
import Journal
import NIOCore

/// Money that is held back for calls before they are asked for.
///
/// A reservation waits for the disk, and that is most of what the gateway adds to a short call. Where
/// one key asks for the same model again and again within milliseconds, the next few calls are
/// reserved together while the last ones are under way. What is not used within a moment is given
/// back, and at once where a budget has no room otherwise. Used on one event loop.
final class ReservationsAhead {
  /// What a reservation is for: the ledger's row says it before the call does.
  struct Purpose: Hashable {
    let key: String
    let account: String?
    let model: String
    let provider: String
    let dialect: String
    let run: String?
  }

  struct Held {
    let call: CallID
    let ceiling: Int64
  }

  private struct Line {
    var calls: [CallID] = []
    var ceiling: Int64 = 0
    var lastUse: NIODeadline
    /// Uses that followed each other closely.
    var streak = 0
    var isAsking = false
  }

  private let ledger: Ledger
  private let epoch: Epoch
  private let loop: any EventLoop
  private var lines: [Purpose: Line] = [:]
  private var sweep: Scheduled<Void>?
  private var isStopped = false

  /// Calls that follow each other within this belong to one streak.
  private static let closeness: TimeAmount = .milliseconds(20)
  private static let longEnough = 8
  /// What is not used within this is given back.
  private static let patience: TimeAmount = .milliseconds(200)
  /// Reserved together, and how few are left when more are.
  private static let count = 16
  private static let few = 6

  init(_ ledger: Ledger, epoch: Epoch, on loop: any EventLoop) {
    self.ledger = ledger
    self.epoch = epoch
    self.loop = loop
  }

  /// A reservation that is there already and large enough; nil where there is none.
  func take(_ purpose: Purpose, ceiling: Int64, now: NIODeadline) -> Held? {
    guard !isStopped else { return nil }
    var line = lines[purpose] ?? Line(lastUse: .distantPast)
    let isClose = now < line.lastUse + Self.closeness
    line.streak = isClose ? line.streak + 1 : 0
    line.lastUse = now
    // Of a call that is lost the whole ceiling is charged: it must be near its own.
    let fits = ceiling <= line.ceiling && line.ceiling <= Self.roomy(Self.roomy(ceiling))
    if !fits, !line.calls.isEmpty {
      giveBack(line.calls)
      line.calls = []
    }
    let call = fits ? line.calls.popLast() : nil
    let held = call.map { Held(call: $0, ceiling: line.ceiling) }
    let wantsMore = line.streak >= Self.longEnough && line.calls.count < Self.few
    if wantsMore, !line.isAsking {
      line.isAsking = true
      if line.calls.isEmpty { line.ceiling = Self.roomy(ceiling) }
      ask(purpose, ceiling: line.ceiling)
    }
    lines[purpose] = line
    if sweep == nil { sweepLater() }
    return held
  }

  /// Conversations grow.
  private static func roomy(_ ceiling: Int64) -> Int64 {
    let (sum, overflows) = ceiling.addingReportingOverflow(ceiling / 4)
    return overflows ? ceiling : sum
  }

  private func ask(_ purpose: Purpose, ceiling: Int64) {
    let request = CallRequest(
      key: purpose.key,
      account: purpose.account,
      run: purpose.run,
      model: purpose.model,
      provider: purpose.provider,
      dialect: purpose.dialect,
      ceiling: ceiling
    )
    let loop = loop
    let pool = NIOLoopBound(self, eventLoop: loop)
    ledger.reserveAhead(request, count: Self.count, in: epoch) { result in
      loop.execute { pool.value.came(purpose, ceiling, (try? result.get()) ?? []) }
    }
  }

  private func came(_ purpose: Purpose, _ ceiling: Int64, _ calls: [CallID]) {
    guard var line = lines[purpose], !isStopped, line.ceiling == ceiling else {
      lines[purpose]?.isAsking = false
      return giveBack(calls)
    }
    line.isAsking = false
    // Where there was no room, it is not asked for again with every call.
    if calls.isEmpty { line.streak = -100 }
    line.calls += calls
    lines[purpose] = line
  }

  /// Gives everything back; false where there was nothing.
  func releaseAll() -> Bool {
    let all = lines.values.flatMap(\.calls)
    for purpose in lines.keys {
      lines[purpose]?.calls = []
      lines[purpose]?.streak = -100
    }
    giveBack(all)
    return !all.isEmpty
  }

  func stop() {
    isStopped = true
    sweep?.cancel()
    _ = releaseAll()
    lines = [:]
  }

  private func giveBack(_ calls: [CallID]) {
    for call in calls { ledger.release(call, outcome: "unused") { _ in } }
  }

  private func sweepLater() {
    sweep = loop.assumeIsolated().scheduleTask(in: Self.patience) { self.sweepNow() }
  }

  private func sweepNow() {
    sweep = nil
    let limit = NIODeadline.now() - Self.patience
    for (purpose, line) in lines where line.lastUse < limit && !line.isAsking {
      giveBack(line.calls)
      lines[purpose] = nil
    }
    if !lines.isEmpty { sweepLater() }
  }
}
