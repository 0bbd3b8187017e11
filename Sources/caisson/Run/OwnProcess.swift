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
    // The name in parentheses may hold spaces: count from the last one.
    let text = HostTree.text("/proc/self/stat") ?? ""
    let name = text.utf8.lastIndex(of: UInt8(ascii: ")")) ?? text.utf8.startIndex
    let fields = text.utf8[name...].split(separator: UInt8(ascii: " "))
    return OwnProcess(
      pid: getpid(),
      start: fields.count > 20 ? UInt64(Substring(fields[20])) ?? 0 : 0,
      boot: HostTree.text("/proc/sys/kernel/random/boot_id").map {
        String($0.prefix { $0 != "\n" })
      },
      namespace: HostTree.link("/proc/self/ns/pid")
    )
  }
}
