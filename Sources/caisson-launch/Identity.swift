import CLinux

/// Who the run is and which namespaces are its own: known before its plan is, so that they are made
/// while the supervisor still plans.
struct Identity {
  /// Started by uid 0: sources are cloned outside, with its rights.
  let isPrivileged: Bool
  /// What the kernel and the disk see.
  let uid, gid: UInt32
  let insideUID, insideGID: UInt32
  let namespaces: UInt64

  func has(_ namespace: Int32) -> Bool { namespaces & UInt64(namespace) != 0 }

  /// Reads the supervisor's first message. Nil where it is another one or too short.
  init?(_ message: UnsafeRawBufferPointer) {
    guard message.count == 29, Int(message[0]) == CL_MESSAGE_IDENTITY else { return nil }
    func word(_ index: Int) -> UInt32 {
      UInt32(littleEndian: message.loadUnaligned(fromByteOffset: 1 + 4 * index, as: UInt32.self))
    }
    isPrivileged = word(0) == 1
    (uid, gid) = (word(1), word(2))
    (insideUID, insideGID) = (word(3), word(4))
    namespaces = UInt64(word(5)) | UInt64(word(6)) << 32
  }

  /// Starts PID 1 of the run, which makes the rest of its namespaces by itself, meanwhile.
  func startInit() throws(LaunchFailure) -> (pid: Int32, lifeline: Int32) {
    let outsideUID = cl_effective_uid()
    let outsideGID = cl_effective_gid()
    if isPrivileged {
      try LaunchFailure.check(cl_clear_groups(), "setgroups")
      // The user namespace belongs to the effective uid that makes it: never to uid 0.
      try LaunchFailure.check(cl_set_effective_ids(uid, gid), "become the run's uid")
    }
    try LaunchFailure.check(cl_set_dumpable(1), "set dumpable")
    // One end each. This one stays open as long as this process lives, and no longer.
    var lifeline: [Int32] = [-1, -1]
    try LaunchFailure.check(cl_socket_pair(&lifeline), "socketpair")
    let first = namespaces & UInt64(CL_CLONE_NEWUSER | CL_CLONE_NEWPID)
    let pid = try LaunchFailure.check(cl_fork(first), "clone the namespaces")
    if pid == 0 {
      _ = cl_close(lifeline[0])
      guard let first = Init(self, lifeline[1]) else { cl_exit(1) }
      first.run()
    }
    _ = cl_close(lifeline[1])
    if isPrivileged {
      try LaunchFailure.check(cl_set_effective_ids(outsideUID, outsideGID), "go back to uid 0")
    }
    _ = cl_set_dumpable(0)
    return (pid, lifeline[0])
  }

  /// Takes the run's identity and enters its namespaces, as PID 1 of the run.
  func take() throws(LaunchFailure) {
    try Sources.write("/proc/self/setgroups", "deny")
    try Sources.write("/proc/self/uid_map", "\(insideUID) \(uid) 1")
    try Sources.write("/proc/self/gid_map", "\(insideGID) \(gid) 1")
    try LaunchFailure.check(cl_set_ids(insideUID, insideGID), "setresuid")
    let own = namespaces & ~UInt64(CL_CLONE_NEWUSER | CL_CLONE_NEWPID)
    // Only children enter a new time namespace.
    try LaunchFailure.check(cl_unshare(own | UInt64(CL_CLONE_NEWTIME)), "unshare the namespaces")
    if has(CL_CLONE_NEWNET) { try LaunchFailure.check(cl_loopback_up(), "bring lo up") }
    if has(CL_CLONE_NEWNS) {
      try LaunchFailure.check(cl_make_mounts_private(), "make mounts private")
    }
  }
}
