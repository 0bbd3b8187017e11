/// What is told of attempts that meet closed doors: a pure table over time.
///
/// The first towards a place is told at once, more of them once a second. All together draw on one
/// allowance, so that a run which tries every port fills neither the journal nor the share of rows
/// that other refusals have.
package struct AttemptTable: Sendable {
  package struct Told: Hashable, Sendable {
    package let head: PacketHead
    package let count: Int
  }

  package struct Due: Hashable, Sendable {
    package var told: [Told] = []
    /// Attempts beyond the allowance.
    package var beyond = 0
    /// Packets that nobody could look at.
    package var lost = 0
  }

  private struct Entry {
    var since: ContinuousClock.Instant
    var untold = 0
  }

  private static let mostRows = 256.0
  private static let rowsPerSecond = 2.0
  private static let patience = Duration.seconds(1)

  private var entries: [PacketHead: Entry] = [:]
  private var allowance = AttemptTable.mostRows
  private var refilled: ContinuousClock.Instant
  /// Attempts that no row of their own tells of.
  private var untold = 0
  private var lost = 0
  private var toldRest: ContinuousClock.Instant

  package init(at now: ContinuousClock.Instant) {
    refilled = now
    toldRest = now - Self.patience
  }

  /// Whether time alone will bring more to tell.
  package var isWaiting: Bool { !entries.isEmpty || untold + lost > 0 }

  /// Takes an attempt; gives what is told of it now.
  package mutating func note(_ head: PacketHead, at now: ContinuousClock.Instant) -> Told? {
    if entries[head] != nil {
      entries[head]?.untold += 1
      return nil
    }
    guard afford(now) else {
      untold += 1
      return nil
    }
    entries[head] = Entry(since: now)
    return Told(head: head, count: 1)
  }

  /// Takes the number of packets that were lost.
  package mutating func note(lost count: Int) { lost += count }

  /// What is to be told by now: repeated attempts, and once a second how many have no row.
  package mutating func due(at now: ContinuousClock.Instant, isLast: Bool = false) -> Due {
    var due = Due()
    for (head, entry) in entries where isLast || now - entry.since >= Self.patience {
      entries[head] = nil
      guard entry.untold > 0 else { continue }
      if afford(now) {
        due.told.append(Told(head: head, count: entry.untold))
        if !isLast { entries[head] = Entry(since: now) }
      } else {
        untold += entry.untold
      }
    }
    guard untold + lost > 0, isLast || now - toldRest >= Self.patience else { return due }
    (due.beyond, due.lost) = (untold, lost)
    (untold, lost) = (0, 0)
    toldRest = now
    return due
  }

  private mutating func afford(_ now: ContinuousClock.Instant) -> Bool {
    allowance += (now - refilled) / .seconds(1) * Self.rowsPerSecond
    allowance = min(allowance, Self.mostRows)
    refilled = now
    guard allowance >= 1 else { return false }
    allowance -= 1
    return true
  }
}
