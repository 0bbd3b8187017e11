internal import CLinux

/// Everything that the launcher needs to become the sealed process, as values. The launcher takes
/// no decision: what is not in here does not happen.
package struct LaunchPlan: Sendable, Equatable {
  /// Maps the owner on disk to the run's identity, for layers that uid 0 gives to a run.
  package struct IdentityMap: Sendable, Hashable {
    package var uid, gid: UInt32
  }

  /// A part of the host's tree, cloned before the new root is built.
  package struct Source: Sendable, Equatable {
    package var path: String
    package var identityMap: IdentityMap?
    /// With the mounts below it.
    package var recursive: Bool
    package var attributes: MountAttributes
  }

  /// One step of building the new root. Targets are relative to it.
  package enum Step: Sendable, Equatable {
    case tmpfs(target: String, mode: String, bytes: UInt64, inodes: UInt64, MountAttributes)
    case bind(Source, target: String, isDirectory: Bool)
    case overlay(lower: Source, layer: Source, target: String, MountAttributes)
    /// A read-only overlay of one directory: what listens on a socket in it is another inode here.
    case view(Source, target: String)
    case proc(target: String)
    case devpts(target: String)
    case symlink(text: String, target: String)
    case directory(target: String, mode: UInt32)
    case file(target: String, mode: UInt32, content: [UInt8])
    /// Makes the target a mount of its own, so that it cannot be renamed.
    case pin(target: String)
    /// Hides the target behind something empty.
    case mask(target: String, isDirectory: Bool)
    case readOnly(target: String)
    /// Puts a file that an earlier step made over one that is there, read-only.
    case place(file: String, target: String)
    /// Makes the target, which lies in a read-only mount, a writable mount of its own.
    case writable(target: String)
  }

  /// A file of /proc that is written from inside the new namespaces.
  package struct Setting: Sendable, Equatable {
    package var path, value: String
    package var required: Bool
  }

  package struct LandlockRule: Sendable, Equatable {
    package var path: String
    package var access: LandlockAccess
  }

  /// A socket that PID 1 makes in the run's own network and hands out.
  package struct Socket: Sendable, Equatable {
    package var isDatagram: Bool
    /// Four or sixteen bytes.
    package var address: [UInt8]
    package var port: UInt16
  }

  package struct Landlock: Sendable, Equatable {
    package var abi: Int32
    package var rules: [LandlockRule]
  }

  package struct ResourceLimit: Sendable, Equatable {
    package var resource: UInt8
    package var soft, hard: UInt64
  }

  /// What the launcher is told before it is given the plan.
  package var identity: RunIdentity
  package var hostname = "caisson"
  /// A directory of the host on which the new root is built, inside the run's own mount namespace.
  package var stage = "/tmp"
  package var steps: [Step] = []
  package var settings: [Setting] = []
  package var dropsCapabilities = true
  package var landlock: Landlock?
  package var resourceLimits: [ResourceLimit] = []
  /// The ways out of the run; with any, every address of the world leads to the run's loopback.
  package var sockets: [Socket] = []
  /// What a tap of the run's loopback lets through; without it there is none.
  package var tap: [FilterInstruction] = []
  /// Whether PID 1 hands out a socket that tells whose a connection of the run is.
  package var tracesPrograms = false
  package var filter: [FilterInstruction] = []
  package var notifies = true
  /// Which of the descriptors 0 to 2 become a pseudo-terminal of the run's own.
  package var terminals: [Int32] = []
  package var arguments: [String]
  /// The arguments' own bytes, where they are not the texts'.
  package var argumentBytes: [[UInt8]]?
  /// The bytes of such entries of `environment` that are no UTF-8, by how they read.
  package var environmentBytes: [String: [UInt8]] = [:]
  package var environment: [String] = []
  package var searchPath: [String] = []
  package var directory = "/"
  /// Directories of cgroups that the launcher removes when the run has ended.
  package var cgroups: [String] = []
  /// Whether the layer of the workspace can be used again, whatever happened before: it is mounted
  /// without the promise that nobody will.
  package var isDurable = false
  /// Whether PID 1 moves itself into them before anything else.
  package var joinsCgroups = false
  /// What the launcher removes from the host when the run has ended, if it is still empty.
  package var placeholders: [Placeholder] = []
  /// The layer's directory, if the launcher is to remove an upper and a work directory in it that
  /// are empty when the run has ended.
  package var emptyLayer: String?
}

/// Attributes of a mount, as mount_setattr(2) numbers them.
package struct MountAttributes: OptionSet, Sendable, Hashable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static let readOnly = MountAttributes(rawValue: 0x1)
  package static let noSetuid = MountAttributes(rawValue: 0x2)
  package static let noDevices = MountAttributes(rawValue: 0x4)
  package static let noExec = MountAttributes(rawValue: 0x8)
}

/// Namespaces of a run, as clone(2) numbers them. The time namespace is entered besides.
package struct Namespaces: OptionSet, Sendable, Hashable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static let mount = Namespaces(rawValue: UInt64(CL_CLONE_NEWNS))
  package static let cgroup = Namespaces(rawValue: UInt64(CL_CLONE_NEWCGROUP))
  package static let hostname = Namespaces(rawValue: UInt64(CL_CLONE_NEWUTS))
  package static let ipc = Namespaces(rawValue: UInt64(CL_CLONE_NEWIPC))
  package static let user = Namespaces(rawValue: UInt64(CL_CLONE_NEWUSER))
  package static let process = Namespaces(rawValue: UInt64(CL_CLONE_NEWPID))
  package static let network = Namespaces(rawValue: UInt64(CL_CLONE_NEWNET))
  package static let all: Namespaces = [
    .mount, .cgroup, .hostname, .ipc, .user, .process, .network,
  ]
}

/// One instruction of classic BPF.
package struct FilterInstruction: Sendable, Hashable {
  package var code: UInt16
  package var ifTrue, ifFalse: UInt8
  package var operand: UInt32
}
