import Glibc
import SystemPackage

/// What tells a process from any other that may get its number later.
package struct ProcessIdentity: Sendable, Hashable {
  package let pid: Int32
  /// Clock ticks from boot to its start; 0 where that cannot be read.
  package let start: UInt64
  package let boot: String?
  /// The process namespace that `pid` belongs to.
  package let namespace: String?

  package init(pid: Int32, start: UInt64, boot: String?, namespace: String?) {
    self.pid = pid
    self.start = start
    self.boot = boot
    self.namespace = namespace
  }

  package static func current() -> ProcessIdentity {
    ProcessIdentity(
      pid: getpid(),
      start: status(of: "self")?.start ?? 0,
      boot: text("/proc/sys/kernel/random/boot_id")?.split(separator: "\n").first.map(String.init),
      namespace: namespace("self")
    )
  }

  /// Looks a process of our own namespace up.
  package static func look(up pid: Int32) -> CallRecovery.Sight {
    if let status = status(of: String(pid)) {
      // Dead and not yet waited for. A process whose first thread alone has ended looks the same,
      // but for its other threads.
      return status.isZombie && status.threads <= 1 ? .gone : .running(start: status.start)
    }
    // Without /proc nothing can be said; with it, a process that may be sent a signal is there,
    // whatever /proc hides.
    return text("/proc/self/stat") == nil || kill(pid, 0) == 0 ? .unclear : .gone
  }

  private struct Status {
    let isZombie: Bool
    let threads: Int
    let start: UInt64
  }

  private static func status(of process: String) -> Status? {
    guard let text = text("/proc/\(process)/stat") else { return nil }
    // The name in parentheses may hold spaces: count from the last one.
    let name = text.utf8.lastIndex(of: UInt8(ascii: ")")) ?? text.utf8.startIndex
    let fields = text.utf8[name...].split(separator: UInt8(ascii: " "))
    guard fields.count > 20, let threads = Int(Substring(fields[18])),
      let start = UInt64(Substring(fields[20]))
    else { return nil }
    let isZombie = fields[1].elementsEqual("Z".utf8) || fields[1].elementsEqual("X".utf8)
    return Status(isZombie: isZombie, threads: threads, start: start)
  }

  private static func namespace(_ process: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { readlink("/proc/\(process)/ns/pid", $0, bytes.count) } ?? -1
    }
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  private static func text(_ path: String) -> String? {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
    else { return nil }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = try? file.closeAfter {
      try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
    }
    return count.map { String(decoding: buffer.prefix($0), as: UTF8.self) }
  }
}
