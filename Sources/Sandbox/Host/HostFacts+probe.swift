internal import CLinux
internal import Glibc

extension HostFacts {
  /// Looks at the running machine.
  package static func probe() -> HostFacts {
    let uid = cl_effective_uid()
    let stages = ["/tmp", "/var/tmp", "/mnt", "/run"]
    var links: [String: String] = [:]
    for path in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
      if let text = HostTree.link(path) { links[path] = text }
    }
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    return HostFacts(
      uid: uid,
      gid: cl_effective_gid(),
      userName: userName(uid),
      landlockABI: max(cl_landlock_abi(), 0),
      memoryBytes: UInt64(max(pages, 1)) * UInt64(sysconf(Int32(_SC_PAGESIZE))),
      stage: stages.first { HostTree.find($0, isSystem: true)?.isDirectory == true } ?? "/tmp",
      rootLinks: links,
      keyFiles: ["/proc/keys", "/proc/key-users"].filter {
        HostTree.find($0, isSystem: true) != nil
      }
    )
  }

  private static func userName(_ uid: UInt32) -> String {
    guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return "user" }
    return String(cString: name)
  }
}
