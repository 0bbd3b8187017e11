import CLinux

/// Clones of the host's trees, taken before the new root hides them.
enum Sources {
  /// Clones every source of the plan. As uid 0 this runs before the run's identity is taken, so
  /// that a tree below a closed directory can be given; else inside the run's mount namespace.
  static func open(
    _ plan: Plan,
    _ identity: Identity,
    _ first: consuming NamespaceHolder?
  ) throws(LaunchFailure) -> [Int32] {
    var namespaces: [Int32] = []
    var prepared = first
    for map in plan.identityMaps {
      let holder: NamespaceHolder
      if let ready = prepared.take() { holder = ready } else { holder = try NamespaceHolder() }
      namespaces.append(try identityNamespace(map, identity, holder))
    }
    var clones: [Int32] = []
    for source in plan.sources {
      let flags = CL_OPEN_TREE_CLONE | (source.recursive ? CL_AT_RECURSIVE : 0)
      let clone = try LaunchFailure.check(
        cl_open_tree(Int32(CL_AT_FDCWD), source.path.pointer, UInt32(flags)),
        "open_tree",
        source.path
      )
      try LaunchFailure.check(
        cl_mount_setattr(
          clone,
          source.recursive ? 1 : 0,
          source.attributes,
          0,
          UInt64(CL_MS_PRIVATE),
          -1
        ),
        "mount_setattr",
        source.path
      )
      if source.identityMap != CL_NO_IDMAP {
        try LaunchFailure.check(
          cl_mount_setattr(
            clone,
            0,
            UInt64(CL_MOUNT_ATTR_IDMAP),
            0,
            0,
            namespaces[source.identityMap]
          ),
          "mount_setattr idmap",
          source.path
        )
      }
      clones.append(clone)
    }
    for namespace in namespaces { _ = cl_close(namespace) }
    return clones
  }

  /// A user namespace that maps the owner on disk to the run's identity.
  private static func identityNamespace(
    _ map: Plan.IdentityMap,
    _ identity: Identity,
    _ holder: borrowing NamespaceHolder
  ) throws(LaunchFailure) -> Int32 {
    try write("/proc/\(holder.child)/uid_map", "\(map.uid) \(identity.uid) 1")
    try write("/proc/\(holder.child)/gid_map", "\(map.gid) \(identity.gid) 1")
    return try LaunchFailure.check(
      cl_open(Int32(CL_AT_FDCWD), "/proc/\(holder.child)/ns/user", 0, 0),
      "open the id map's namespace"
    )
  }

  /// Writes a small file of /proc in one call, as its readers demand.
  static func write(_ path: String, _ text: String) throws(LaunchFailure) {
    let call: StaticString = "write an id map"
    let file = try LaunchFailure.check(
      cl_open(Int32(CL_AT_FDCWD), path, Int32(CL_O_WRONLY), 0),
      call
    )
    let bytes = Array(text.utf8)
    let written = cl_write(file, bytes, bytes.count)
    _ = cl_close(file)
    try LaunchFailure.check(Int32(truncatingIfNeeded: min(written, 0)), call)
  }
}

/// A process that keeps a new user namespace until somebody has opened it. It ends with this value.
struct NamespaceHolder: ~Copyable {
  let child: Int32
  private let lifeLine: Int32

  init() throws(LaunchFailure) {
    var ends: [Int32] = [-1, -1]
    try LaunchFailure.check(cl_pipe(&ends), "pipe")
    child = try LaunchFailure.check(cl_hold(UInt64(CL_CLONE_NEWUSER), ends), "clone for the id map")
    _ = cl_close(ends[0])
    lifeLine = ends[1]
  }

  /// Nobody waits for the child: it is reaped when the launcher ends.
  deinit { _ = cl_close(lifeLine) }
}
