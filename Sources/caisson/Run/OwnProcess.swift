import Foundation
import Glibc
import Sandbox

/// What tells this process from any other that may get its number later.
struct OwnProcess {
  let pid: Int32
  /// Clock ticks from boot to its start, field 22 of /proc/PID/stat.
  let start: UInt64
  let boot: String?
  let namespace: String?

  static func current() -> OwnProcess {
    let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)
    // The name in parentheses may hold spaces: count from the last one.
    let fields = text?.split(separator: ")").last?.split(separator: " ") ?? []
    let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return OwnProcess(
      pid: getpid(),
      start: fields.count > 19 ? UInt64(fields[19]) ?? 0 : 0,
      boot: boot?.trimmingCharacters(in: .whitespacesAndNewlines),
      namespace: HostTree.link("/proc/self/ns/pid")
    )
  }
}
