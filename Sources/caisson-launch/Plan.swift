import CLinux

/// The launcher's reading of a launch plan. It holds no decision: each was taken by the supervisor.
struct Plan {
  struct IdentityMap {
    let uid, gid: UInt32
  }

  /// A part of the host's tree that is cloned before the new root is built.
  struct Source {
    let path: PlanText
    /// Index into `identityMaps`, or CL_NO_IDMAP.
    let identityMap: Int
    let recursive: Bool
    let attributes: UInt64
  }

  enum Step {
    case tmpfs(
      target: PlanText,
      mode: PlanText,
      size: PlanText,
      inodes: PlanText,
      attributes: UInt64
    )
    case bind(source: Int, target: PlanText, isDirectory: Bool)
    case overlay(lower: Int, layer: Int, target: PlanText, attributes: UInt64)
    case view(source: Int, target: PlanText)
    case proc(target: PlanText)
    case devpts(target: PlanText)
    case symlink(text: PlanText, target: PlanText)
    case directory(target: PlanText, mode: UInt32)
    case file(target: PlanText, mode: UInt32, content: PlanText)
    case pin(target: PlanText, attributes: UInt64)
    case mask(target: PlanText, isDirectory: Bool)
    case readOnly(target: PlanText)
    case place(file: PlanText, target: PlanText)
    case writable(target: PlanText)
  }

  struct Setting {
    let path, value: PlanText
    let required: Bool
  }

  struct LandlockRule {
    let path: PlanText
    let access: UInt64
  }

  struct ResourceLimit {
    let resource: Int32
    let soft, hard: UInt64
  }

  /// A socket to be made in the run's network.
  struct Socket {
    let isDatagram: Bool
    /// Four or sixteen bytes.
    let address: PlanText
    let port: UInt16
  }

  /// Something empty that the supervisor made on the host, to keep its name from the run.
  struct Placeholder {
    let path: PlanText
    /// Nil where it was about to be made and nobody knows whether it was: then emptiness must do.
    let inode: UInt64?
    let isDirectory: Bool

    /// Removes it where it is still the same and still empty.
    func remove() {
      var status = cl_status()
      let at = Int32(CL_AT_FDCWD)
      guard cl_stat(at, path.pointer, Int32(CL_AT_SYMLINK_NOFOLLOW), &status) == 0,
        inode == nil || status.inode == inode,
        isDirectory || (status.mode & 0o170000 == 0o100000 && status.size == 0)
      else { return }
      _ = cl_unlinkat(at, path.pointer, isDirectory ? Int32(CL_AT_REMOVEDIR) : 0)
    }
  }

  let flags: UInt32
  let hostname, stage: PlanText
  let identityMaps: [IdentityMap]
  let sources: [Source]
  let steps: [Step]
  let settings: [Setting]
  let landlockABI: Int32
  let landlockFiles, landlockNetwork, landlockScopes: UInt64
  let landlockRules: [LandlockRule]
  let resourceLimits: [ResourceLimit]
  let filter: PlanText
  let arguments, environment, searchPath: [PlanText]
  let directory: PlanText
  let cgroups: [PlanText]
  let placeholders: [Placeholder]
  /// Empty, or the directory of a layer that is removed where the run left nothing in it.
  let emptyLayer: PlanText
  let sockets: [Socket]
  /// What a tap of the run's loopback lets through; empty for none.
  let tap: PlanText

  func has(_ flag: Int) -> Bool { flags & UInt32(flag) != 0 }

  /// Reads the whole plan from a descriptor and checks it.
  static func read(descriptor: Int32) throws(PlanError) -> Plan {
    let capacity = CL_PLAN_MAXIMUM_BYTES
    var size = cl_status()
    guard cl_stat(descriptor, "", Int32(CL_AT_EMPTY_PATH), &size) == 0 else { throw .tooShort }
    guard size.size <= UInt64(capacity), size.size >= 12 else { throw .tooLong }
    let count = Int(size.size)
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
    var done = 0
    while done < count {
      // Two processes read it by one offset.
      let read = cl_read_at(descriptor, buffer + done, count - done, UInt64(done))
      guard read > 0 else { throw .tooShort }
      done += read
    }
    var reader = PlanReader(base: buffer, count: count)
    guard try reader.word() == UInt32(CL_PLAN_MAGIC) else { throw .wrongMagic }
    guard try reader.word() == UInt32(CL_PLAN_VERSION) else { throw .wrongVersion }
    guard Int(try reader.word()) == count - 12 else { throw .tooShort }
    let plan = try Plan(&reader)
    guard reader.isAtEnd else { throw .trailingBytes }
    return plan
  }

  private init(_ reader: inout PlanReader) throws(PlanError) {
    flags = try reader.word()
    hostname = try reader.text()
    stage = try reader.text()
    identityMaps = try reader.list { (reader) throws(PlanError) in
      IdentityMap(uid: try reader.word(), gid: try reader.word())
    }
    sources = try reader.list { (reader) throws(PlanError) in
      Source(
        path: try reader.text(),
        identityMap: Int(try reader.word()),
        recursive: try reader.byte() != 0,
        attributes: try reader.long()
      )
    }
    steps = try reader.list { (reader) throws(PlanError) in try Step(&reader) }
    settings = try reader.list { (reader) throws(PlanError) in
      Setting(
        path: try reader.text(),
        value: try reader.text(),
        required: try reader.byte() != 0
      )
    }
    landlockABI = Int32(try reader.byte())
    landlockFiles = try reader.long()
    landlockNetwork = try reader.long()
    landlockScopes = try reader.long()
    landlockRules = try reader.list { (reader) throws(PlanError) in
      LandlockRule(path: try reader.text(), access: try reader.long())
    }
    resourceLimits = try reader.list { (reader) throws(PlanError) in
      ResourceLimit(
        resource: Int32(try reader.byte()),
        soft: try reader.long(),
        hard: try reader.long()
      )
    }
    filter = try reader.data()
    arguments = try reader.list { (reader) throws(PlanError) in try reader.text() }
    environment = try reader.list { (reader) throws(PlanError) in try reader.text() }
    searchPath = try reader.list { (reader) throws(PlanError) in try reader.text() }
    directory = try reader.text()
    cgroups = try reader.list { (reader) throws(PlanError) in try reader.text() }
    placeholders = try reader.list { (reader) throws(PlanError) in
      Placeholder(
        path: try reader.text(),
        inode: try reader.long(),
        isDirectory: try reader.byte() != 0
      )
    }
    emptyLayer = try reader.text()
    sockets = try reader.list { (reader) throws(PlanError) in
      Socket(
        isDatagram: try reader.byte() != 0,
        address: try reader.data(),
        port: UInt16(truncatingIfNeeded: try reader.word())
      )
    }
    tap = try reader.data()
    for socket in sockets where socket.address.count != 4 && socket.address.count != 16 {
      throw .badText
    }

    let maps = identityMaps.count
    for source in sources
    where source.identityMap != CL_NO_IDMAP && source.identityMap >= maps {
      throw .badIndex
    }
    for step in steps {
      switch step {
      case .bind(let source, _, _) where source >= sources.count: throw .badIndex
      case .view(let source, _) where source >= sources.count: throw .badIndex
      case .overlay(let lower, let layer, _, _) where max(lower, layer) >= sources.count:
        throw .badIndex
      default: break
      }
    }
    for program in [filter, tap] {
      guard program.count % 8 == 0, program.count / 8 <= 4096 else { throw .badIndex }
    }
    guard !arguments.isEmpty else { throw .badIndex }
  }
}

extension Plan.Step {
  init(_ reader: inout PlanReader) throws(PlanError) {
    switch Int(try reader.byte()) {
    case CL_STEP_TMPFS:
      self = .tmpfs(
        target: try reader.text(),
        mode: try reader.text(),
        size: try reader.text(),
        inodes: try reader.text(),
        attributes: try reader.long()
      )
    case CL_STEP_BIND:
      self = .bind(
        source: Int(try reader.word()),
        target: try reader.text(),
        isDirectory: try reader.byte() != 0
      )
    case CL_STEP_OVERLAY:
      self = .overlay(
        lower: Int(try reader.word()),
        layer: Int(try reader.word()),
        target: try reader.text(),
        attributes: try reader.long()
      )
    case CL_STEP_VIEW:
      self = .view(source: Int(try reader.word()), target: try reader.text())
    case CL_STEP_PROC: self = .proc(target: try reader.text())
    case CL_STEP_DEVPTS: self = .devpts(target: try reader.text())
    case CL_STEP_SYMLINK:
      self = .symlink(text: try reader.text(), target: try reader.text())
    case CL_STEP_DIRECTORY:
      self = .directory(target: try reader.text(), mode: try reader.word())
    case CL_STEP_FILE:
      self = .file(
        target: try reader.text(),
        mode: try reader.word(),
        content: try reader.data()
      )
    case CL_STEP_PIN:
      self = .pin(target: try reader.text(), attributes: try reader.long())
    case CL_STEP_MASK:
      self = .mask(target: try reader.text(), isDirectory: try reader.byte() != 0)
    case CL_STEP_PLACE: self = .place(file: try reader.text(), target: try reader.text())
    case CL_STEP_READ_ONLY: self = .readOnly(target: try reader.text())
    case CL_STEP_WRITABLE: self = .writable(target: try reader.text())
    default: throw .badStep
    }
  }
}
