internal import CLinux

/// A moment of the file system's clock.
package struct Timestamp: Hashable, Sendable, Comparable {
  package var seconds: Int64
  package var nanoseconds: UInt32

  package init(seconds: Int64, nanoseconds: UInt32) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// Now, by the clock that stamps ctime.
  package static func coarseNow() -> Timestamp {
    var seconds: Int64 = 0
    var nanoseconds: UInt32 = 0
    _ = cl_fs_coarse_clock(&seconds, &nanoseconds)
    return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
  }

  /// Waits for the clock's next tick (a few milliseconds): every ctime given before the call lies
  /// before the result, and every one given after it does not.
  ///
  /// The tick must pass the exact clock as it is at the call, since file systems with multigrain
  /// times stamp some changes by that one.
  package static func nextTick() -> Timestamp {
    var exact = Timestamp(seconds: 0, nanoseconds: 0)
    _ = cl_fs_exact_clock(&exact.seconds, &exact.nanoseconds)
    var now = coarseNow()
    while now <= exact {
      cl_fs_pause(200_000)
      now = coarseNow()
    }
    return now
  }
}

package enum FileKind: UInt8, Sendable {
  case file = 1
  case directory, symbolicLink, characterDevice, blockDevice, fifo, socket

  init?(mode: UInt32) {
    switch mode & 0o170000 {
    case 0o100000: self = .file
    case 0o040000: self = .directory
    case 0o120000: self = .symbolicLink
    case 0o020000: self = .characterDevice
    case 0o060000: self = .blockDevice
    case 0o010000: self = .fifo
    case 0o140000: self = .socket
    default: return nil
    }
  }

  package var word: String {
    switch self {
    case .file: "file"
    case .directory: "directory"
    case .symbolicLink: "link"
    case .characterDevice: "character device"
    case .blockDevice: "block device"
    case .fifo: "fifo"
    case .socket: "socket"
    }
  }
}

/// What the kernel says about one file.
package struct FileStatus: Hashable, Sendable {
  package let kind: FileKind
  /// Permissions with setuid, setgid and sticky: 07777.
  package internal(set) var mode: UInt32
  package let inode: UInt64
  package let device: UInt64
  package let mount: UInt64
  package let size: UInt64
  package let links: UInt32
  package let owner: UInt32
  package let group: UInt32
  package let modified: Timestamp
  package let changed: Timestamp
  /// Of a device node: whether its number is 0:0, overlayfs's mark for "deleted".
  let isZeroDevice: Bool

  init?(_ status: cl_fs_status) {
    guard let kind = FileKind(mode: status.mode) else { return nil }
    self.kind = kind
    mode = status.mode & 0o7777
    inode = status.inode
    device = status.device
    mount = status.mount
    size = status.size
    links = status.links
    owner = status.owner
    group = status.group
    modified = Timestamp(
      seconds: status.modified_seconds,
      nanoseconds: status.modified_nanoseconds
    )
    changed = Timestamp(seconds: status.changed_seconds, nanoseconds: status.changed_nanoseconds)
    isZeroDevice = status.node_major == 0 && status.node_minor == 0
  }

  /// The permissions that may be carried: no setuid, setgid or sticky.
  package var permissions: UInt32 { mode & 0o777 }

  var isWhiteout: Bool { kind == .characterDevice && isZeroDevice }

  var identity: FileIdentity { FileIdentity(inode: inode, changed: changed, size: size) }
}

/// What tells whether a file is still the one that was seen: any change to it moves its ctime.
struct FileIdentity: Hashable, Sendable {
  var inode: UInt64
  var changed: Timestamp
  var size: UInt64

  /// Whether a file is the one seen. A directory's size and ctime move with what it holds, so only
  /// its inode counts.
  func matches(_ status: FileStatus) -> Bool {
    if status.kind == .directory { return inode == status.inode }
    return self == status.identity
  }
}
