/// Something that the kernel refused a run, as the supervisor saw it.
package struct ObservedDenial: Sendable, Equatable {
  package enum Layer: String, Sendable {
    case seccomp, file, network
  }

  package var layer: Layer
  /// The system call's name.
  package var what: String
  package var path: String?
  package var pid: Int
  package var program: String
  package var rule: String
  package var remedy: String?
  package var count = 1

  /// A refusal of the run's way out, as it was recorded.
  package static func network(
    _ what: String,
    path: String?,
    rule: String,
    remedy: String?,
    count: Int
  ) -> ObservedDenial {
    ObservedDenial(
      layer: .network,
      what: what,
      path: path,
      pid: 0,
      program: "",
      rule: rule,
      remedy: remedy,
      count: count
    )
  }

  var key: String { "\(layer.rawValue) \(what) \(path ?? "")" }

  /// A refused system call.
  static func systemCall(_ call: Int, architecture: UInt32, pid: Int, program: String)
    -> ObservedDenial
  {
    let native = architecture == 0xC000_003E
    let isX32 = call & 0x4000_0000 != 0
    let what =
      native
      ? (isX32 ? "x32 system call \(call & 0xFFFF)" : SystemCalls.name(call))
      : "32-bit system call \(call)"
    return ObservedDenial(
      layer: .seccomp,
      what: what,
      path: nil,
      pid: pid,
      program: program,
      rule: "the built-in rule 'system calls'",
      remedy: nil
    )
  }
}
