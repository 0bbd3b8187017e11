/// What an agent has told of its uses of tools: of the newest, as much as is kept.
struct ToolCallReports: Sendable {
  private var reports: [String: ToolCallReport] = [:]
  private var order: [String] = []
  private var weight = 0

  static let most = 512
  static let largestWeight = 16 << 20

  /// Puts an update to what was known of the same call, and returns all that is known now.
  mutating func note(_ update: ToolCallReport) -> ToolCallReport {
    let known = reports[update.id]
    let report = known?.updated(by: update) ?? update
    if let known {
      weight -= known.weight
    } else {
      order.append(update.id)
    }
    weight += report.weight
    reports[update.id] = report
    while order.count > 1, order.count > Self.most || weight > Self.largestWeight {
      // What is told of the oldest from now on stands for itself.
      let oldest = order.removeFirst()
      weight -= reports.removeValue(forKey: oldest)?.weight ?? 0
    }
    return report
  }
}
