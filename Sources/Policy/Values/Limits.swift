/// What a run may use of the machine. `nil` means that the policy sets no limit of its own.
package struct Limits: Hashable, Sendable {
  /// Seconds of wall-clock time from the start of the command.
  package var wallSeconds: Double?
  /// Bytes of memory for the whole run.
  package var memoryBytes: UInt64?
  /// Processes and threads alive at once.
  package var processes: Int?
  /// Bytes that the run may add to its workspace and private directories.
  package var diskBytes: UInt64?
  /// Cores.
  package var cpus: Double?

  package init(
    wallSeconds: Double? = nil,
    memoryBytes: UInt64? = nil,
    processes: Int? = nil,
    diskBytes: UInt64? = nil,
    cpus: Double? = nil
  ) {
    self.wallSeconds = wallSeconds
    self.memoryBytes = memoryBytes
    self.processes = processes
    self.diskBytes = diskBytes
    self.cpus = cpus
  }
}
