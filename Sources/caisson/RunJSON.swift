import Foundation
import Journal

/// A run as `caisson runs --json` prints it.
struct RunJSON: Encodable {
  let run: String
  let started: String
  let state: String
  let exit: Int?
  let signal: Int?
  let error: String?
  let limit: String?
  let seconds: Double?
  let cpuSeconds: Double?
  let maxMemoryBytes: Int64?
  let changes: ChangeCounts?
  let denials: Int
  let command: [String]
  let directory: String
  let workspace: String
  let workspaceMode: String
  let policy: String
  let policyHash: String
  let layers: [String]

  init(_ run: RunSummary) {
    self.run = run.run
    started = Timestamp.text(microseconds: run.startedAt)
    state = run.stateWord
    exit = run.end?.exit
    signal = run.end?.signal
    if case .abandoned(let reason) = run.state { error = reason } else { error = run.end?.error }
    limit = run.end?.limit
    seconds = run.end?.seconds
    cpuSeconds = run.end?.cpuSeconds
    maxMemoryBytes = run.end?.maxMemoryBytes
    changes = run.end?.changes
    denials = run.denials
    command = run.started.command
    directory = run.started.directory
    workspace = run.started.workspace
    workspaceMode = run.started.workspaceMode
    policy = run.started.policyName
    policyHash = run.started.policyHash
    layers = run.started.layers
  }

  static func array(of runs: [RunSummary]) throws -> String {
    let lines = try runs.map { try JSONText.encode(RunJSON($0)) }
    return lines.isEmpty ? "[]" : "[\n  \(lines.joined(separator: ",\n  "))\n]"
  }
}
