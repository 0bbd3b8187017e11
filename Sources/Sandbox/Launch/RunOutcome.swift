/// How a run ended.
package struct RunOutcome: Sendable, Equatable {
  package enum End: Sendable, Equatable {
    case exited(Int)
    case signalled(Int)
    case failed(SandboxError)
  }

  /// A limit of the policy that ended the run or hindered it.
  package struct LimitHit: Sendable, Equatable {
    package var limit: String
    package var value: String
    package var detail: String
  }

  package var end: End
  package var limit: LimitHit?
  package var seconds: Double
  package var cpuSeconds: Double
  package var maxMemoryBytes: UInt64
  /// Every kind of denial once, with its count.
  package var denials: [ObservedDenial]
  /// The caller's file that could not take all that the command printed.
  package var lostOutput: OutputRelay.Failure?
  /// The user's terminal took nothing any more, and the rest of what the run wrote was dropped.
  package var terminalIsStuck = false

  /// What `caisson run` exits with: the command's own status, 128 + n after a signal, 125 to 127
  /// where Caisson or the policy stood in the way.
  package var exitStatus: Int32 {
    switch end {
    // The command could not know: it wrote into a pipe.
    case .exited(0) where lostOutput != nil: return 125
    case .exited(let code): return Int32(code)
    case .signalled(let signal): return 128 + Int32(signal)
    case .failed(.notFound): return 127
    case .failed(.notExecutable): return 126
    case .failed: return 125
    }
  }
}
