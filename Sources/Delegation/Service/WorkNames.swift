import WorkWire

/// What people may call things by: the whole name, the beginning of one, or `last`.
enum WorkNames {
  static let last = "last"
  /// Names that are looked through.
  static let most = 100_000

  enum Thing: String {
    case assignment, schedule

    var list: String { self == .assignment ? "caisson tasks --all" : "caisson tasks --schedules" }
  }

  /// - Parameter names: The newest first.
  static func resolve(
    _ text: String,
    among names: [String],
    as thing: Thing
  ) throws(WorkProblem) -> String {
    let wanted = text.lowercased()
    guard !wanted.isEmpty, wanted.utf8.count <= 64 else {
      throw WorkProblem(.invalid, "that is no name of a \(thing.rawValue)")
    }
    let unknown = WorkProblem(
      .unknown,
      "there is no \(thing.rawValue) \(shown(text)); see: \(thing.list)"
    )
    if wanted == last {
      guard let newest = names.first else { throw unknown }
      return newest
    }
    let found = names.filter { $0.hasPrefix(wanted) }
    if found.contains(wanted) { return wanted }
    guard let only = found.first else { throw unknown }
    guard found.count == 1 else {
      throw WorkProblem(
        .invalid,
        "\(shown(text)) may be \(found.prefix(5).joined(separator: ", "))"
          + (found.count > 5 ? " and others" : "") + "; write more of it"
      )
    }
    return only
  }

  private static func shown(_ text: String) -> String {
    text.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value < 0x7F }
      ? "'\(text)'" : "of that name"
  }
}
