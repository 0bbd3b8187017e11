/// How fast a model takes prompts on this machine, and so how long a chunk may be.
///
/// What waits for a step (an answer being written beside a prompt, a request that comes in, one that is
/// cancelled among others) is not to wait longer than a moment, whatever the model's size.
struct StepPace {
  /// Seconds that a step is to take at most.
  static let moment = 0.25

  /// Of the last steps with prompts. A slower step counts by half: one that waited for the disk or
  /// for other programs is soon forgotten.
  private(set) var secondsPerToken: Double?
  /// Seconds of the quickest step so far, of however few tokens.
  private var quickest = Double.infinity

  /// Notes a step. Those that only write answers tell how long the shortest takes.
  mutating func note(tokens: Int, seconds: Double, hasPrompt: Bool) {
    guard tokens > 0, seconds >= 0 else { return }
    quickest = min(quickest, seconds)
    guard hasPrompt else { return }
    let now = seconds / Double(tokens)
    secondsPerToken = secondsPerToken.map { now < $0 ? now : ($0 + now) / 2 } ?? now
  }

  /// Tokens of a chunk that a step takes within its time; before anything is known, a few.
  ///
  /// Where one token alone takes as long, most of it to read the weights, a step may take twice that:
  /// prompts would come in at the speed of answers else.
  func chunk(atMost most: Int) -> Int {
    guard let secondsPerToken else { return min(most, StepPlan.least) }
    let time = max(Self.moment, 2 * quickest)
    guard secondsPerToken * Double(most) > time else { return most }
    return min(most, max(StepPlan.least, Int(time / secondsPerToken)))
  }
}
