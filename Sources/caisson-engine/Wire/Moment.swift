import Dialects
import Glibc

/// Moments as RFC 3339 writes them.
enum Moment {
  static func now() -> String { text(after: 0) }

  static func text(after seconds: Double) -> String {
    let moment = Double(time(nil)) + min(max(seconds, 0), 1e10)
    return AnswerContext(now: Int(moment)).timestamp
  }

  /// For what never comes to its end.
  static let never = AnswerContext(now: 253_402_300_799).timestamp
}
