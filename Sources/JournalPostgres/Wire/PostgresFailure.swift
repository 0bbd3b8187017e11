import Journal

/// What a connection could not do.
enum PostgresFailure: Error {
  /// The connection is gone, or could not be made. What was sent last may have been done.
  case lost(String)
  /// The server answered with an error: its code, and what it said. The transaction is undone.
  case refused(code: String, String)

  /// Whether the same may succeed when it is tried anew: another writer came between.
  var isPassing: Bool {
    guard case .refused(let code, _) = self else { return false }
    // Not serializable, deadlock, lock timeout, and a name that another one has just taken.
    return ["40001", "40P01", "55P03", "23505"].contains(code)
  }
}

extension WorkError {
  init(_ failure: PostgresFailure, on name: String) {
    switch failure {
    case .lost(let reason):
      self = .unavailable("cannot reach the journal \(name): \(reason); see whether it runs")
    case .refused("53100", let reason):
      self = .unavailable("the journal \(name) has no room left: \(reason); make room there")
    case .refused("22021", let reason):
      self = .invalid("the journal \(name) cannot take a text: \(reason)")
    case .refused("25006", let reason):
      self = .unavailable("the journal \(name) is read-only: \(reason); name the primary server")
    case .refused("42501", let reason):
      self = .unavailable("the journal \(name) refuses this user: \(reason); see its grants")
    case .refused(let code, let reason):
      self = .unavailable("the journal \(name) refused (\(code)): \(reason)")
    }
  }
}
