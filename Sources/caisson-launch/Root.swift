import CLinux

/// Builds the new root on a tmpfs, step by step, and makes it the only one.
struct Root {
  private let clones: [Int32]
  private let stage: PlanText
  /// Whether the clones belong to this user namespace; the kernel takes no others for layers.
  private let clonesAreOwn: Bool
  /// Whether a layer is to outlive a crash.
  private let isDurable: Bool

  init(clones: [Int32], areOwn: Bool, stage: PlanText, isDurable: Bool) {
    self.clones = clones
    clonesAreOwn = areOwn
    self.stage = stage
    self.isDurable = isDurable
  }

  func build(_ steps: [Plan.Step]) throws(LaunchFailure) {
    let root = try tmpfs(mode: "0755", size: "16m", inodes: "4096", attributes: 0x6)
    let at = try LaunchFailure.check(
      cl_open(
        Int32(CL_AT_FDCWD),
        stage.pointer,
        Int32(CL_O_PATH | CL_O_DIRECTORY),
        0
      ),
      "open",
      stage
    )
    try LaunchFailure.check(cl_move_mount(root, at), "move_mount", stage)
    _ = cl_close(at)
    _ = cl_close(root)
    try LaunchFailure.check(cl_chdir(stage.pointer), "chdir", stage)
    for step in steps { try take(step) }
  }

  /// Makes the stage the root and lets go of the host's tree.
  func enter() throws(LaunchFailure) {
    try LaunchFailure.check(cl_pivot_root(".", "."), "pivot_root")
    try LaunchFailure.check(cl_unmount("."), "unmount the host's root")
    try LaunchFailure.check(cl_chdir("/"), "chdir /")
    let root = try LaunchFailure.check(
      cl_open(Int32(CL_AT_FDCWD), "/", Int32(CL_O_PATH), 0),
      "open /"
    )
    try LaunchFailure.check(
      cl_mount_setattr(root, 0, UInt64(CL_MOUNT_ATTR_RDONLY), 0, 0, -1),
      "mount_setattr /"
    )
    _ = cl_close(root)
  }

  private func take(_ step: Plan.Step) throws(LaunchFailure) {
    switch step {
    case .tmpfs(let target, let mode, let size, let inodes, let attributes):
      let mount = try tmpfs(
        mode: mode.pointer,
        size: size.pointer,
        inodes: inodes.pointer,
        attributes: UInt32(truncatingIfNeeded: attributes)
      )
      try attach(mount, target, isDirectory: true)
    case .bind(let source, let target, let isDirectory):
      try attach(clones[source], target, isDirectory: isDirectory)
    case .overlay(let lower, let layer, let target, let attributes):
      try overlay(
        lower: clones[lower],
        layer: clones[layer],
        target: target,
        attributes: UInt32(truncatingIfNeeded: attributes)
      )
    case .view(let source, let target):
      try overlay(lower: clones[source], layer: nil, target: target, attributes: 0x7)
    case .proc(let target):
      let context = try LaunchFailure.check(cl_fsopen("proc"), "fsopen proc")
      try LaunchFailure.check(cl_fsconfig_create(context), "mount proc")
      let mount = try LaunchFailure.check(cl_fsmount(context, 0xE), "fsmount proc")
      _ = cl_close(context)
      try attach(mount, target, isDirectory: true)
    case .devpts(let target):
      let context = try LaunchFailure.check(cl_fsopen("devpts"), "fsopen devpts")
      try LaunchFailure.check(cl_fsconfig_set(context, "newinstance", nil), "devpts newinstance")
      try LaunchFailure.check(cl_fsconfig_set(context, "ptmxmode", "0666"), "devpts ptmxmode")
      try LaunchFailure.check(cl_fsconfig_set(context, "mode", "0620"), "devpts mode")
      try LaunchFailure.check(cl_fsconfig_create(context), "mount devpts")
      let mount = try LaunchFailure.check(cl_fsmount(context, 0xA), "fsmount devpts")
      _ = cl_close(context)
      try attach(mount, target, isDirectory: true)
    case .symlink(let text, let target):
      try make(target, "symlink") {
        cl_symlinkat(text.pointer, Int32(CL_AT_FDCWD), target.pointer)
      }
    case .directory(let target, let mode):
      try make(target, "mkdir", mayBeThere: true) {
        cl_mkdirat(Int32(CL_AT_FDCWD), target.pointer, mode)
      }
    case .file(let target, let mode, let content):
      let file = try make(target, "create") {
        cl_open(
          Int32(CL_AT_FDCWD),
          target.pointer,
          Int32(CL_O_WRONLY | CL_O_CREAT | CL_O_EXCL),
          mode
        )
      }
      let written = cl_write(file, content.pointer, content.count)
      _ = cl_close(file)
      guard written == content.count else {
        throw LaunchFailure(call: "write", subject: target, error: Int32(-min(written, -5)))
      }
    case .pin(let target, let attributes):
      try cover(target, set: attributes)
    case .mask(let target, let isDirectory):
      try mask(target, isDirectory: isDirectory)
    case .readOnly(let target):
      try cover(target, set: UInt64(CL_MOUNT_ATTR_RDONLY))
    case .place(let file, let target):
      let clone = try LaunchFailure.check(
        cl_open_tree(Int32(CL_AT_FDCWD), file.pointer, UInt32(CL_OPEN_TREE_CLONE)),
        "open_tree",
        file
      )
      defer { _ = cl_close(clone) }
      try LaunchFailure.check(
        cl_mount_setattr(clone, 0, 0xF, 0, UInt64(CL_MS_PRIVATE), -1),
        "mount_setattr",
        file
      )
      try attach(clone, target, isDirectory: false, create: false)
    case .writable(let target):
      try cover(target, clear: UInt64(CL_MOUNT_ATTR_RDONLY))
    }
  }

  // MARK: - Kinds of step

  private func tmpfs(
    mode: UnsafePointer<CChar>,
    size: UnsafePointer<CChar>,
    inodes: UnsafePointer<CChar>,
    attributes: UInt32
  ) throws(LaunchFailure) -> Int32 {
    let context = try LaunchFailure.check(cl_fsopen("tmpfs"), "fsopen tmpfs")
    try LaunchFailure.check(cl_fsconfig_set(context, "mode", mode), "tmpfs mode")
    try LaunchFailure.check(cl_fsconfig_set(context, "size", size), "tmpfs size")
    try LaunchFailure.check(cl_fsconfig_set(context, "nr_inodes", inodes), "tmpfs nr_inodes")
    try LaunchFailure.check(cl_fsconfig_create(context), "mount tmpfs")
    defer { _ = cl_close(context) }
    return try LaunchFailure.check(cl_fsmount(context, attributes), "fsmount tmpfs")
  }

  private func overlay(
    lower: Int32,
    layer: Int32?,
    target: PlanText,
    attributes: UInt32
  ) throws(LaunchFailure) {
    let context: Int32
    if let prepared = try overlayOfClones(lower: lower, layer: layer, target: target) {
      context = prepared
    } else {
      context = try overlayOfPaths(lower: lower, layer: layer, target: target)
    }
    let mount = try LaunchFailure.check(cl_fsmount(context, attributes), "fsmount overlay", target)
    _ = cl_close(context)
    try attach(mount, target, isDirectory: true)
  }

  /// An overlay whose layers are given as the clones themselves, which nothing has to attach and
  /// detach: each detaching waits for all processors. Nil where the kernel does not take them.
  private func overlayOfClones(
    lower: Int32,
    layer: Int32?,
    target: PlanText
  ) throws(LaunchFailure) -> Int32? {
    // A view needs a second, empty layer, which would have to be made somewhere.
    guard let layer, clonesAreOwn else { return nil }
    let context = try LaunchFailure.check(cl_fsopen("overlay"), "fsopen overlay")
    var isTaken = cl_fsconfig_set_descriptor(context, "lowerdir+", lower) == 0
    for (key, name) in [("upperdir", "upper"), ("workdir", "work")] where isTaken {
      let directory = try LaunchFailure.check(
        cl_open(layer, name, Int32(CL_O_PATH | CL_O_DIRECTORY), 0),
        "open a layer of",
        target
      )
      isTaken = cl_fsconfig_set_descriptor(context, key, directory) == 0
      _ = cl_close(directory)
    }
    if isTaken {
      try setOverlay(context, isVolatile: !isDurable, target)
      if cl_fsconfig_create(context) == 0 { return context }
    }
    _ = cl_close(context)
    return nil
  }

  private func setOverlay(
    _ context: Int32,
    isVolatile: Bool,
    _ target: PlanText
  ) throws(LaunchFailure) {
    try LaunchFailure.check(cl_fsconfig_set(context, "userxattr", nil), "overlay userxattr")
    // Without this the end of a run waits until all that anyone wrote to this disk is flushed. The
    // supervisor flushes the layer instead, and only where the run changed something. A layer that
    // is used again is not mounted so: the kernel would refuse it after a crash.
    if isVolatile {
      try LaunchFailure.check(cl_fsconfig_set(context, "volatile", nil), "overlay volatile")
    }
  }

  private func overlayOfPaths(
    lower: Int32,
    layer: Int32?,
    target: PlanText
  ) throws(LaunchFailure) -> Int32 {
    // In this namespace the host's tree is on its way out, and takes along what is attached to it:
    // each detaching waits for all processors.
    try attachLayer(lower, "/usr", target)
    let empty = ".caisson"
    let options: [(String, String)]
    if let layer {
      try attachLayer(layer, "/dev", target)
      options = [("lowerdir", "/usr"), ("upperdir", "/dev/upper"), ("workdir", "/dev/work")]
    } else {
      // Without a layer of its own it is a view: a second, empty lower directory stands in for one.
      let made = cl_mkdirat(Int32(CL_AT_FDCWD), empty, 0o700)
      guard made == 0 || made == -alreadyThere else {
        throw LaunchFailure(call: "mkdir for the layers of", subject: target, error: -made)
      }
      options = [("lowerdir", "/usr:\(empty)")]
    }
    let context = try LaunchFailure.check(cl_fsopen("overlay"), "fsopen overlay")
    for (key, value) in options {
      try LaunchFailure.check(
        cl_fsconfig_set(context, key, value),
        "overlay layer of",
        target
      )
    }
    try setOverlay(context, isVolatile: layer != nil && !isDurable, target)
    try LaunchFailure.check(cl_fsconfig_create(context), "mount overlay on", target)
    if layer == nil { _ = cl_unlinkat(Int32(CL_AT_FDCWD), empty, Int32(CL_AT_REMOVEDIR)) }
    return context
  }

  private func attachLayer(
    _ clone: Int32,
    _ place: String,
    _ target: PlanText
  ) throws(LaunchFailure) {
    let point = try LaunchFailure.check(
      cl_open(Int32(CL_AT_FDCWD), place, Int32(CL_O_PATH), 0),
      "open a place for a layer of",
      target
    )
    defer { _ = cl_close(point) }
    try LaunchFailure.check(cl_move_mount(clone, point), "attach a layer of", target)
  }

  /// Hides what lies at `target` behind something empty that cannot be read.
  private func mask(_ target: PlanText, isDirectory: Bool) throws(LaunchFailure) {
    let name = ".empty"
    let mount = try tmpfs(mode: "0000", size: "4k", inodes: "3", attributes: 0xF)
    defer { _ = cl_close(mount) }
    if isDirectory {
      try attach(mount, target, isDirectory: true, create: false)
      return
    }
    let created = cl_open(
      Int32(CL_AT_FDCWD),
      name,
      Int32(CL_O_WRONLY | CL_O_CREAT),
      0
    )
    if created >= 0 { _ = cl_close(created) }
    let clone = try LaunchFailure.check(
      cl_open_tree(Int32(CL_AT_FDCWD), name, UInt32(CL_OPEN_TREE_CLONE)),
      "open_tree of an empty file for",
      target
    )
    defer { _ = cl_close(clone) }
    // Only once it is attached: the kernel attaches nothing whose root has been unlinked.
    defer { _ = cl_unlinkat(Int32(CL_AT_FDCWD), name, 0) }
    try LaunchFailure.check(
      cl_mount_setattr(clone, 0, 0xF, 0, UInt64(CL_MS_PRIVATE), -1),
      "mount_setattr of an empty file for",
      target
    )
    try attach(clone, target, isDirectory: false, create: false)
  }

  /// Binds `target` onto itself, so that it is a mount: it cannot be renamed or removed.
  private func cover(
    _ target: PlanText,
    set: UInt64 = 0,
    clear: UInt64 = 0
  ) throws(LaunchFailure) {
    let clone = try LaunchFailure.check(
      cl_open_tree(
        Int32(CL_AT_FDCWD),
        target.pointer,
        UInt32(CL_OPEN_TREE_CLONE | CL_AT_RECURSIVE)
      ),
      "open_tree",
      target
    )
    defer { _ = cl_close(clone) }
    try LaunchFailure.check(
      cl_mount_setattr(clone, 1, set, clear, UInt64(CL_MS_PRIVATE), -1),
      "mount_setattr",
      target
    )
    let point = try mountPoint(target)
    defer { _ = cl_close(point) }
    try LaunchFailure.check(cl_move_mount(clone, point), "move_mount", target)
  }

  // MARK: - Mount points

  private func attach(
    _ mount: Int32,
    _ target: PlanText,
    isDirectory: Bool,
    create: Bool = true
  ) throws(LaunchFailure) {
    if create { try makeMountPoint(target, isDirectory: isDirectory) }
    let point = try mountPoint(target)
    defer { _ = cl_close(point) }
    try LaunchFailure.check(cl_move_mount(mount, point), "move_mount", target)
  }

  /// Opens a target below the stage. No symbolic link is followed: a workspace may hold links that
  /// an agent has laid.
  private func mountPoint(_ target: PlanText) throws(LaunchFailure) -> Int32 {
    try LaunchFailure.check(
      cl_openat2(
        Int32(CL_AT_FDCWD),
        target.pointer,
        UInt64(CL_O_PATH),
        0,
        UInt64(CL_RESOLVE_NO_SYMLINKS | CL_RESOLVE_BENEATH)
      ),
      "open mount point",
      target
    )
  }

  private func makeMountPoint(_ target: PlanText, isDirectory: Bool) throws(LaunchFailure) {
    if isDirectory {
      try make(target, "mkdir", mayBeThere: true) {
        cl_mkdirat(Int32(CL_AT_FDCWD), target.pointer, 0o755)
      }
      return
    }
    let file = try make(target, "create mount point", mayBeThere: true) {
      cl_open(
        Int32(CL_AT_FDCWD),
        target.pointer,
        Int32(CL_O_WRONLY | CL_O_CREAT | CL_O_EXCL),
        0o644
      )
    }
    if file >= 0 { _ = cl_close(file) }
  }

  /// Makes something below the stage, and what is missing above it: most targets lie in a directory
  /// that is there, and are made by one call.
  @discardableResult private func make(
    _ target: PlanText,
    _ call: StaticString,
    mayBeThere: Bool = false,
    _ attempt: () -> Int32
  ) throws(LaunchFailure) -> Int32 {
    var result = attempt()
    if result == -absent {
      try makeParents(target)
      result = attempt()
    }
    if mayBeThere, result == -alreadyThere { return result }
    return try LaunchFailure.check(result, call, target)
  }

  private func makeParents(_ target: PlanText) throws(LaunchFailure) {
    let path = UnsafeMutablePointer<CChar>.allocate(capacity: target.count + 1)
    defer { path.deallocate() }
    for index in 0...target.count { path[index] = target.pointer[index] }
    for index in 0..<target.count where path[index] == CChar(UInt8(ascii: "/")) && index > 0 {
      path[index] = 0
      let result = cl_mkdirat(Int32(CL_AT_FDCWD), path, 0o755)
      path[index] = CChar(UInt8(ascii: "/"))
      guard result == 0 || result == -alreadyThere || result == -readOnlyFileSystem else {
        throw LaunchFailure(call: "mkdir above", subject: target, error: -result)
      }
    }
  }
}

/// ENOENT
private let absent: Int32 = 2
/// EEXIST
private let alreadyThere: Int32 = 17
/// EROFS: an ancestor lies in a read-only bind; the next call says whether that is a fault.
private let readOnlyFileSystem: Int32 = 30
