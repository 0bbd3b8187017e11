internal import CLinux
internal import Glibc

/// Reads what a blocked process asks for, under `--trace-denials`.
struct FileObserver {
  /// What a file call is about to do, as far as its arguments tell now.
  struct Access: Equatable {
    var path: String
    var writes: Bool
    var executes: Bool
  }

  /// The access of a call, or nil where it names no path or cannot be read.
  static func access(_ call: cl_notification) -> Access? {
    let arguments = withUnsafeBytes(of: call.arguments) { Array($0.bindMemory(to: UInt64.self)) }
    let plan: (directory: Int?, path: Int, writes: Bool, executes: Bool)
    switch call.number {
    case 2: plan = (nil, 0, opensForWriting(arguments[1]), false)
    case 257: plan = (0, 1, opensForWriting(arguments[2]), false)
    case 59: plan = (nil, 0, false, true)
    case 322: plan = (0, 1, false, true)
    case 86, 88: plan = (nil, 1, true, false)
    case 265: plan = (2, 3, true, false)
    case 266: plan = (1, 2, true, false)
    case 263, 258, 259, 264, 316, 268, 452, 260, 280, 261: plan = (0, 1, true, false)
    default: plan = (nil, 0, true, false)
    }
    guard let path = text(at: arguments[plan.path], of: Int(call.pid)), !path.isEmpty else {
      return nil
    }
    var whole = path
    if !path.hasPrefix("/") {
      let directory = plan.directory.map { Int32(truncatingIfNeeded: arguments[$0]) }
      let base = directory.map { $0 == -100 ? "cwd" : "fd/\($0)" } ?? "cwd"
      guard let start = HostTree.link("/proc/\(call.pid)/\(base)") else { return nil }
      whole = start + "/" + path
    }
    return Access(path: normalised(whole), writes: plan.writes, executes: plan.executes)
  }

  private static func opensForWriting(_ flags: UInt64) -> Bool {
    flags & 3 != 0 || flags & UInt64(CL_O_CREAT | CL_O_TRUNC) != 0
  }

  private static func text(at address: UInt64, of pid: Int) -> String? {
    let memory = cl_open(Int32(CL_AT_FDCWD), "/proc/\(pid)/mem", 0, 0)
    guard memory >= 0 else { return nil }
    let descriptor = Descriptor(memory)
    var bytes = [UInt8](repeating: 0, count: 4096)
    guard let offset = off_t(exactly: address) else { return nil }
    var count = pread(descriptor.number, &bytes, bytes.count, offset)
    if count <= 0 {
      // The text may end just before an unmapped page.
      count = pread(descriptor.number, &bytes, 4096 - Int(address % 4096), offset)
    }
    guard count > 0, let end = bytes[..<count].firstIndex(of: 0) else { return nil }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  private static func normalised(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      if part == "." { continue }
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
