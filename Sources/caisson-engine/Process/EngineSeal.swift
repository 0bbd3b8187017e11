import CLinux
import Glibc

/// Takes from this process what it does not need: capabilities, new privileges, all files but the
/// models, sockets that it does not have yet, and other processes.
///
/// To be called before there is a second thread: Landlock and the filter hold for this one and for those
/// that it makes.
struct EngineSeal {
  /// Files and directories that it reads.
  let readable: [String]
  /// Those of them that were no links when they were named: what is one now is not followed.
  var unlinked: Set<String> = []
  /// The directory that it writes in.
  let writable: String?

  /// What a program reads that is already running: the state of its threads, and the shape of the
  /// machine. All of /proc, since Dispatch looks for each thread at /proc/TID, which no rule can name
  /// before there is that thread, and ends the process where it may not. What other processes keep to
  /// themselves stays theirs, because who is kept by rules may look into none that is not.
  private static let system = ["/proc", "/sys/devices/system"]
  /// `LANDLOCK_ACCESS_FS_*`: read files, read directories.
  private static let reading: UInt64 = 1 << 2 | 1 << 3
  /// `LANDLOCK_ACCESS_FS_*`: the rights that a file can have.
  private static let ofFiles: UInt64 = 1 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
  /// `LANDLOCK_ACCESS_NET_*`: bind and connect.
  private static let network: UInt64 = 1 | 2
  /// `O_PATH`, which the C library's module does not show.
  private static let pathOnly: CInt = 0o10_000_000

  /// Gives what a person should know: what the kernel or the processor lacks.
  func apply() throws -> [String] {
    try check(cl_no_new_privileges(), "give up new privileges")
    if geteuid() == 0 { try check(cl_drop_capabilities(), "give up capabilities") }
    var lacks: [String] = []
    if try !keepToFiles() {
      lacks.append("this kernel has no Landlock: the engine is not kept to its files")
    }
    if let result = EngineFilter.install() {
      try check(result, "install the filter of system calls")
    } else {
      lacks.append("for this processor there is no filter of system calls: the engine may make any")
    }
    return lacks
  }

  private func keepToFiles() throws -> Bool {
    let abi = cl_landlock_abi()
    guard abi > 0 else { return false }
    let files = Self.files(abi)
    // Abstract sockets and signals to others, from the sixth version on.
    let scopes: UInt64 = abi >= 6 ? 3 : 0
    let ports = abi >= 4 ? Self.network : 0
    let ruleset = try check(cl_landlock_ruleset(files, ports, scopes, abi), "make rules")
    defer { close(ruleset) }
    for path in readable + Self.system { try allow(path, Self.reading & files, ruleset) }
    if let writable { try allow(writable, files & ~1, ruleset) }
    try check(cl_landlock_restrict(ruleset), "be kept by the rules")
    return true
  }

  /// All rights that the kernel knows: 13, then moving, cutting, and commands to devices.
  private static func files(_ abi: CInt) -> UInt64 {
    var rights: UInt64 = (1 << 13) - 1
    if abi >= 2 { rights |= 1 << 13 }
    if abi >= 3 { rights |= 1 << 14 }
    if abi >= 5 { rights |= 1 << 15 }
    return rights
  }

  private func allow(_ path: String, _ access: UInt64, _ ruleset: CInt) throws {
    let follows = unlinked.contains(path) ? O_NOFOLLOW : 0
    let descriptor = open(path, Self.pathOnly | O_CLOEXEC | follows)
    // What is missing is an error when it is asked for, not before.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var found = stat()
    guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT != S_IFLNK else { return }
    let isDirectory = found.st_mode & S_IFMT == S_IFDIR
    let rights = isDirectory ? access : access & Self.ofFiles
    try check(cl_landlock_allow(ruleset, descriptor, rights), "allow \(path)")
  }

  @discardableResult
  private func check(_ result: CInt, _ what: String) throws -> CInt {
    guard result >= 0 else {
      throw StartError("cannot \(what): \(String(cString: strerror(-result)))")
    }
    return result
  }
}
