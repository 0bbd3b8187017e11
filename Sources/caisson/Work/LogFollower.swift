import Foundation
import Glibc
import Policy
import WorkWire

/// Prints what an assignment does, as it does it.
struct LogFollower {
  enum Until {
    /// What there is now.
    case now
    /// The end, or a question to a person.
    case end
    case endOrQuestion
  }

  let client: DaemonClient
  let id: String
  var json = false
  private var text: StepText
  private var asked: Set<String> = []
  /// Why nothing goes on, as it was told last.
  private var standstill: String?

  /// Seconds for which one request waits for news.
  private static let wait = 25
  /// How long a daemon that went away is waited for.
  private static let patience: Duration = .seconds(30)

  init(_ client: DaemonClient, _ id: String, json: Bool = false) {
    self.client = client
    self.id = id
    self.json = json
    text = StepText(paint: .stdout)
  }

  mutating func follow(until: Until) throws -> StepsView {
    var mark: String?
    // A step may be under way for long, with many after it: they are read page by page.
    var page: Int?
    while true {
      let view = try news(
        after: page ?? text.last,
        since: until == .now ? nil : mark,
        waits: until != .now && page == nil
      )
      try show(view)
      mark = view.isCut ? nil : view.mark
      page = view.isCut ? view.steps.last?.number : nil
      if view.isCut { continue }
      switch until {
      case .now: return view
      case .end: if view.assignment.isOver { return try settled(view) }
      case .endOrQuestion:
        // Another agent's process waits for its answer, so that its assignment is under way.
        let asks = view.questions.contains { $0.action["kind"]?.string == "tool-call" }
        let waits = view.assignment.state == "waiting" && !view.questions.isEmpty || asks
        if view.assignment.isOver || waits { return try settled(view) }
      }
    }
  }

  /// The same with what it has cost: the gateway settles its last call a moment later.
  private func settled(_ view: StepsView) throws -> StepsView {
    var view = view
    for _ in 0..<10 where view.assignment.reserved > 0 {
      usleep(50_000)
      let now: StepsView = try client.get(
        "/v1/assignments/\(id)/steps",
        [("after", String(text.last))]
      )
      view.assignment = now.assignment
    }
    return view
  }

  private func news(after: Int, since mark: String?, waits: Bool) throws -> StepsView {
    let end = ContinuousClock.now + Self.patience
    var isTold = false
    while true {
      do {
        return try client.get(
          "/v1/assignments/\(id)/steps",
          [
            ("after", String(after)), ("seen", mark),
            ("wait", waits && mark != nil ? String(Self.wait) : nil),
          ],
          patience: Self.wait + 60
        )
      } catch let error as DaemonClientError {
        // It may have been killed and be started anew: the work is on record.
        guard waits, ContinuousClock.now < end else { throw error }
        if !isTold { complain("the daemon is gone; waiting for it") }
        isTold = true
        usleep(300_000)
      }
    }
  }

  private mutating func show(_ view: StepsView) throws {
    let why = view.assignment.standstill
    if why != standstill {
      complain(why.map { "\(id) \($0.printable)" } ?? "\(id) goes on")
      standstill = why
    }
    if json {
      // A step is told once, when it has ended.
      for step in view.steps where text.isNews(step) && step.status != nil {
        print(try JSONText.encode(step))
      }
      _ = text.lines(view.steps)
    } else {
      for line in text.lines(view.steps) { print(line) }
      for question in view.questions where asked.insert(question.id).inserted {
        let shown = QuestionText(question: question, paint: .stdout)
        for line in shown.lines(now: Clock.now()) { print(line) }
      }
    }
    fflush(nil)
  }
}

enum Clock {
  /// Microseconds since 1970.
  static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
