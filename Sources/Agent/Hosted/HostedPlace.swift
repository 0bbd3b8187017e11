import Foundation
package import Policy

/// What an agent that is run as a whole finds around it.
package struct HostedPlace: Sendable {
  let files: AgentFiles
  /// Where its output is kept.
  let log: String
  /// Whether the gateway listens.
  let hasModels: @Sendable () -> Bool
  /// Makes the sealed place of its run under a policy.
  let workplace: @Sendable (PolicyDocument) throws -> Workplace

  package init(
    files: AgentFiles,
    log: String,
    hasModels: @escaping @Sendable () -> Bool,
    workplace: @escaping @Sendable (PolicyDocument) throws -> Workplace
  ) {
    self.files = files
    self.log = log
    self.hasModels = hasModels
    self.workplace = workplace
  }

  /// Waits until the gateway listens; false where it does not come.
  func awaitModels() async throws -> Bool {
    for _ in 0..<240 where !hasModels() { try await Task.sleep(for: .milliseconds(250)) }
    return hasModels()
  }
}
