/// What calls have cost, in groups.
package struct Bill: Sendable, Equatable {
  package enum Grouping: String, Sendable, CaseIterable {
    case run, model, key, account
    /// In UTC, by when the call was reserved, as budgets count.
    case day
  }

  /// Which calls are meant; all where nothing is said.
  package struct Selection: Sendable, Equatable {
    /// A run with all whose budgets lie below its own: the agents that it gave work to.
    package var run: String?
    /// Microseconds since 1970, of when the call was reserved.
    package var since: Int64?
    package var until: Int64?

    package init(run: String? = nil, since: Int64? = nil, until: Int64? = nil) {
      self.run = run
      self.since = since
      self.until = until
    }
  }

  package struct Line: Sendable, Equatable {
    /// The group; nil for calls that belong to none, such as those without a run.
    package var name: String?
    /// Attempts that were charged, unknown ones included.
    package var calls: Int64
    /// Pico-dollars, with the ceilings of the unknown ones.
    package var charged: Int64
    /// Of these, calls of which nobody knows whether they were billed, and their ceilings.
    package var unknownCalls: Int64
    package var unknownCharged: Int64
    package var used: CallUsage

    package init(
      name: String? = nil,
      calls: Int64 = 0,
      charged: Int64 = 0,
      unknownCalls: Int64 = 0,
      unknownCharged: Int64 = 0,
      used: CallUsage = CallUsage()
    ) {
      self.name = name
      self.calls = calls
      self.charged = charged
      self.unknownCalls = unknownCalls
      self.unknownCharged = unknownCharged
      self.used = used
    }
  }

  /// The dearest first; days in their order.
  package let lines: [Line]
  /// What all lines add up to.
  package let total: Line
  /// Calls under way, and what is held back for them: not part of the total.
  package let callsUnderWay: Int64
  package let reserved: Int64

  package init(lines: [Line], total: Line, callsUnderWay: Int64, reserved: Int64) {
    self.lines = lines
    self.total = total
    self.callsUnderWay = callsUnderWay
    self.reserved = reserved
  }
}
