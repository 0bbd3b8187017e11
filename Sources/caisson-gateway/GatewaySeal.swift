import CLinux
import Catalogue
import Glibc

/// Takes from this process what it does not need: capabilities, new privileges, all files but its own
/// and the system's, and all ports but those of its providers.
///
/// The gateway holds every provider's key, and reads what strangers send. To be called before there is
/// a second thread: Landlock holds for this one and for those that it makes.
struct GatewaySeal {
  let configuration: GatewayConfiguration
  /// The directories that it writes in.
  let own: [String]

  private static let readable = [
    "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sys", "/usr",
  ]
  /// `LANDLOCK_ACCESS_FS_*`: execute, read files, read directories.
  private static let reading: UInt64 = 1 | 1 << 2 | 1 << 3
  private static let writingFile: UInt64 = 1 << 1
  /// `LANDLOCK_ACCESS_NET_*`.
  private static let binding: UInt64 = 1
  private static let connecting: UInt64 = 2
  private static let nameService = 53
  /// `O_PATH`, which the C library's module does not show.
  private static let pathOnly: CInt = 0o10_000_000

  /// Gives what a person should know: that the kernel has no Landlock.
  func apply() throws -> String? {
    try check(cl_no_new_privileges(), "give up new privileges")
    // An ordinary user has none to give up. The ports below are root's to bind.
    let port = configuration.listen.port
    if geteuid() == 0, port == 0 || port >= 1024 {
      try check(cl_drop_capabilities(), "give up capabilities")
    }
    let abi = cl_landlock_abi()
    guard abi > 0 else {
      return "this kernel has no Landlock: the gateway is not kept to its files and ports"
    }
    let files = Self.files(abi)
    let network = abi >= 4 ? Self.binding | Self.connecting : 0
    let ruleset = try check(cl_landlock_ruleset(files, network, 0, abi), "make rules")
    defer { close(ruleset) }
    for path in own { try allow(path, files, ruleset) }
    for path in Self.readable { try allow(path, Self.reading & files, ruleset) }
    try allow("/dev/null", (Self.reading | Self.writingFile) & files, ruleset)
    if network != 0 { try allowPorts(ruleset) }
    try check(cl_landlock_restrict(ruleset), "be kept by the rules")
    return nil
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
    let descriptor = open(path, Self.pathOnly | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Rights of directories mean nothing for a file.
    let isFile = path == "/dev/null"
    let rights = isFile ? access & ~(1 << 3) : access
    try check(cl_landlock_allow(ruleset, descriptor, rights), "allow \(path)")
  }

  private func allowPorts(_ ruleset: CInt) throws {
    let listen = UInt64(configuration.listen.port)
    try check(cl_landlock_allow_port(ruleset, listen, Self.binding), "allow port \(listen)")
    // A socket is a file, in a directory of ours.
    let hosts = configuration.providers.map(\.base).filter { $0.socket == nil }
    var ports = Set(hosts.map(\.port))
    if let traces = configuration.traces { ports.insert(traces.port) }
    ports.insert(Self.nameService)
    for port in ports {
      try check(
        cl_landlock_allow_port(ruleset, UInt64(port), Self.connecting),
        "allow port \(port)"
      )
    }
  }

  @discardableResult
  private func check(_ result: CInt, _ what: String) throws -> CInt {
    guard result >= 0 else {
      throw StartError("cannot \(what): \(String(cString: strerror(-result)))")
    }
    return result
  }
}
