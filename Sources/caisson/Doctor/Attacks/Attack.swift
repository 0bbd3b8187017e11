/// One attack of the red-team suite, as `caisson-attack --list` describes it.
struct Attack: Decodable, Sendable {
  enum Expectation: String, Decodable, Sendable {
    /// The attack itself meets the denial.
    case denied
    /// The attack may believe that it succeeded; the host is unharmed.
    case contained
    /// Caisson refuses to start such a run.
    case refused
    /// It gets through, and `docs/threat-model.md` says so.
    case known
  }

  enum Needs: String, Decodable, Sendable {
    case root, any
  }

  var name: String
  var family: String
  var layer: String
  var needs: Needs
  var expects: Expectation
  /// The system call, or the rule of the network, that the denial row names; empty where none can be
  /// expected.
  var audit: String
  var setup: String
  /// Whether the host can tell by itself that harm was done.
  var verifies: Bool
  var title: String

  /// Whether file accesses are traced meanwhile.
  var isTraced: Bool { setup.split(separator: ",").contains("trace") }

  /// Whether the changes of the run are applied afterwards, which is what is attacked.
  var isApplied: Bool { setup.split(separator: ",").contains("workspace") }
}
