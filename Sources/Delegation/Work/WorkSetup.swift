import Foundation

/// What the daemon and its workers are told when they start.
package struct WorkSetup: Codable, Sendable {
  /// Where the journal and the runs are.
  package var state: String
  package var config: String
  package var runtime: String
  /// The path of `caisson`.
  package var program: String
  /// The address of a PostgreSQL server that keeps the journal's work; nil for the journal's file.
  package var journal: String?
  package var workers = 2
  /// Assignments that one worker has in hand at a time.
  package var slots = 64
  /// The environment that runs are started with, as `NAME=value`.
  package var environment: [String]
  /// Whether the gateway is the daemon's own.
  package var hasGateway = true
  /// A program that is given each notice.
  package var notify: String?

  /// A port that the daemon is asked on besides its socket.
  package var listen: Listen?
  /// An address that each notice is sent to.
  package var webhook: String?

  package struct Listen: Codable, Sendable {
    package var host: String
    package var port: Int
  }

  package init(
    state: String,
    config: String,
    runtime: String,
    program: String,
    environment: [String]
  ) {
    self.state = state
    self.config = config
    self.runtime = runtime
    self.program = program
    self.environment = environment
  }
}
