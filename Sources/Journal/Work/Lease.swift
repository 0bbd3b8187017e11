/// Who works on an assignment, until when, and the number that tells this time from all others.
package struct LeaseRecord: Sendable, Hashable {
  /// Grows each time the lease is taken; every write of a worker names its own, and one that is not
  /// the newest is refused.
  package var epoch: Int64
  package var holder: WorkerIdentity?
  /// Microseconds since 1970.
  package var until: Int64

  package init(epoch: Int64 = 0, holder: WorkerIdentity? = nil, until: Int64 = 0) {
    self.epoch = epoch
    self.holder = holder
    self.until = until
  }
}

/// A worker's hold on one assignment.
package struct Lease: Sendable, Hashable {
  package let assignment: String
  package let epoch: Int64
  /// Whether the worker before it let go without a word.
  package let isRecovery: Bool

  package init(assignment: String, epoch: Int64, isRecovery: Bool) {
    self.assignment = assignment
    self.epoch = epoch
    self.isRecovery = isRecovery
  }
}

/// A worker process, so that others on its machine can tell whether it lives.
package struct WorkerIdentity: Sendable, Hashable {
  /// The machine's name; elsewhere only time can tell.
  package let host: String
  package let process: ProcessIdentity

  package init(host: String, process: ProcessIdentity) {
    self.host = host
    self.process = process
  }

  /// As it stands in a store: `HOST PID START BOOT NAMESPACE`.
  package var text: String {
    "\(host) \(process.pid) \(process.start) \(process.boot ?? "-") \(process.namespace ?? "-")"
  }

  package init?(text: String) {
    // Byte by byte: it is read with each assignment.
    let words = text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
    guard words.count == 5, let pid = Int32(words[1]), let start = UInt64(words[2]) else {
      return nil
    }
    host = words[0]
    process = ProcessIdentity(
      pid: pid,
      start: start,
      boot: words[3] == "-" ? nil : words[3],
      namespace: words[4] == "-" ? nil : words[4]
    )
  }
}

/// When a lease may be taken: a function of the record, the time, and what is known of its holder.
package enum LeaseRule {
  package enum Sight: Sendable, Hashable, CaseIterable {
    case alive
    /// Certainly dead: its process number is free or another's, on this machine, in this namespace.
    case dead
    /// On another machine, or behind another namespace.
    case unclear
  }

  package enum Decision: Sendable, Equatable {
    /// Take it, with this epoch. `isRecovery` where the holder before did not let go.
    case take(epoch: Int64, isRecovery: Bool)
    /// Set the assignment aside: workers died of it too often.
    case park
    /// Not now.
    case leave
  }

  /// Workers that may die under an assignment without a step between, before it is set aside.
  package static let largestRecoveries = 5

  /// - Parameters:
  ///   - isDue: whether it is queued, or waits and its time has come.
  ///   - now: microseconds since 1970, by the store's clock, so that all workers read one.
  package static func decide(
    state: Assignment.State,
    isDue: Bool,
    lease: LeaseRecord,
    recoveries: Int,
    sight: Sight,
    now: Int64,
    largestRecoveries: Int = Self.largestRecoveries
  ) -> Decision {
    guard lease.epoch < .max else { return .leave }
    switch state {
    case .done, .failed, .stopped, .parked: return .leave
    case .queued, .waiting:
      return isDue ? .take(epoch: lease.epoch + 1, isRecovery: false) : .leave
    case .running:
      // A living holder keeps what it renews; one that is silent beyond its time has lost it,
      // alive or not, since it may be cut off: what it still writes carries an old epoch.
      guard sight == .dead || lease.until <= now else { return .leave }
      return recoveries >= largestRecoveries
        ? .park : .take(epoch: lease.epoch + 1, isRecovery: true)
    }
  }
}
