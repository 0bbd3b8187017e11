/// Whether a model is still served.
package enum Lifecycle: Hashable, Sendable {
  case current
  /// Served, and likely to change.
  case preview
  /// Served until a day that its provider has named.
  case retiring(on: CalendarDate, successor: String?)
  case retired(on: CalendarDate?, successor: String?)

  /// Whether it is served no more on a day.
  package func isOver(on today: CalendarDate) -> Bool {
    switch self {
    case .current, .preview: false
    case .retiring(let day, _): day <= today
    case .retired: true
    }
  }

  /// The model of the same provider that takes its place.
  package var successor: String? {
    switch self {
    case .current, .preview: nil
    case .retiring(_, let successor), .retired(_, let successor): successor
    }
  }

  package var end: CalendarDate? {
    switch self {
    case .current, .preview: nil
    case .retiring(let day, _): day
    case .retired(let day, _): day
    }
  }
}
