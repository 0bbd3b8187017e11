/// A run is about to start: who asked for what, and what will hold it.
package struct RunStarted: Codable, Sendable, Equatable {
  package var command: [String]
  /// Where the command starts, as an absolute path.
  package var directory: String
  /// The directory that the run works on, as an absolute path.
  package var workspace: String
  /// `overlay`, `copy`, `branch`, `direct` or `none`.
  package var workspaceMode: String
  package var policyName: String
  /// SHA-256 of the policy's canonical text, in hexadecimal.
  package var policyHash: String
  package var uid: UInt32
  /// The supervisor's process, and when it started in clock ticks since boot: together they tell
  /// a living supervisor from a stranger that was given the same number.
  package var pid: Int32
  package var pidStart: UInt64
  package var host: String
  /// Which boot and which process namespace `pid` belongs to. Seen from any other, the number
  /// says nothing about whether the supervisor lives.
  package var boot: String?
  package var pidNamespace: String?
  package var version: String
  /// What is enforced, by name.
  package var layers: [String]
  /// The names, never the values, of environment variables that were kept from the run.
  package var withheld: [String]

  package init(
    command: [String],
    directory: String,
    workspace: String,
    workspaceMode: String,
    policyName: String,
    policyHash: String,
    uid: UInt32,
    pid: Int32,
    pidStart: UInt64,
    host: String,
    boot: String? = nil,
    pidNamespace: String? = nil,
    version: String,
    layers: [String] = [],
    withheld: [String] = []
  ) {
    self.command = command
    self.directory = directory
    self.workspace = workspace
    self.workspaceMode = workspaceMode
    self.policyName = policyName
    self.policyHash = policyHash
    self.uid = uid
    self.pid = pid
    self.pidStart = pidStart
    self.host = host
    self.boot = boot
    self.pidNamespace = pidNamespace
    self.version = version
    self.layers = layers
    self.withheld = withheld
  }
}
