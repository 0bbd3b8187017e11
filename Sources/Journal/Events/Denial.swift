/// Something a run asked for and did not get.
package struct Denial: Codable, Sendable, Equatable {
  package enum Layer: String, Codable, Sendable {
    case seccomp, file, network, limit
  }

  package var layer: Layer
  /// What was asked for: a system call's name, an operation, a destination.
  package var what: String
  package var path: String?
  package var pid: Int32?
  package var program: String?
  /// The rule that refused it.
  package var rule: String
  /// The smallest change that would allow it, where one would.
  package var remedy: String?
  /// How often, where repeats were counted into one row.
  package var count: Int

  package init(
    layer: Layer,
    what: String,
    path: String? = nil,
    pid: Int32? = nil,
    program: String? = nil,
    rule: String,
    remedy: String? = nil,
    count: Int = 1
  ) {
    self.layer = layer
    self.what = what
    self.path = path
    self.pid = pid
    self.program = program
    self.rule = rule
    self.remedy = remedy
    self.count = count
  }
}

/// A run reached a limit of its policy.
package struct LimitHit: Codable, Sendable, Equatable {
  /// `wall`, `memory`, `processes`, `cpu` or `disk`.
  package var limit: String
  /// The limit's value as the policy writes it.
  package var value: String
  package var detail: String

  package init(limit: String, value: String, detail: String) {
    self.limit = limit
    self.value = value
    self.detail = detail
  }
}
