package import Policy

/// All that a confinement plan depends on: what the policy grants, found on this machine, and what
/// this machine is like. Values only, so that the plan is a pure function of them.
package struct ConfinementRequest: Sendable {
  /// How the run sees its workspace.
  package struct Workspace: Sendable {
    package var path: GrantedPath
    package var mode: WorkspaceMode
    /// The directory of the run that holds `upper` and `work`, in overlay mode.
    package var layer: String?

    package init(path: GrantedPath, mode: WorkspaceMode, layer: String?) {
      self.path = path
      self.mode = mode
      self.layer = layer
    }
  }

  package var workspace: Workspace?
  /// Directories of the host that lie elsewhere inside.
  package var placed: [PlacedPath] = []
  package var reads: [GrantedPath]
  package var writes: [GrantedPath]
  package var denied: [GrantedPath]
  /// Existing entries of a directly used workspace that are kept read-only: start-up files.
  package var protected: [GrantedPath] = []
  /// Sockets in trees that the run can see.
  package var sockets: [String] = []
  package var limits: Limits
  package var host: HostFacts
  package var home: String
  /// Whether the run has a private `/tmp`.
  package var hasTemporaryDirectory = true
  package var command: [String]
  package var environment: [String: String]
  package var directory: String
  /// Which of the descriptors 0 to 2 are a terminal outside.
  package var terminals: [Int32] = []
  package var observesFiles = false
  /// The way out of the run, where the policy grants one.
  package var network: NetworkGrant?
  /// Whether each connection shall be told whose it is.
  package var tracesPrograms = false
  package var cgroups: [String] = []
  /// Whether PID 1 of the run moves itself into them.
  package var joinsCgroups = false
  package var placeholders: [Placeholder] = []
  /// Whether the layer is removed at the run's end where nothing was changed.
  package var removesEmptyLayer = false
  /// Whether another run will go on with the layer.
  package var isContinued = false
  /// A program of ours, and where it lies inside.
  package var service: (program: GrantedPath, place: String)?
  /// Whether the run shares a tree of the host itself, in which a host program may listen on a
  /// socket: a socket passes through every mount, so the run gets no Unix socket at all.
  package var sharesHostTree = false
  package var hasProcessLimitElsewhere = false
  /// What is enforced. Everything, outside of tests that show that each layer holds alone.
  package var layers: Set<Wall> = Set(Wall.allCases)
  package var identity: RunIdentity

  package init(
    workspace: Workspace?,
    reads: [GrantedPath],
    writes: [GrantedPath],
    denied: [GrantedPath],
    limits: Limits,
    host: HostFacts,
    home: String,
    command: [String],
    environment: [String: String],
    directory: String,
    identity: RunIdentity
  ) {
    self.workspace = workspace
    self.reads = reads
    self.writes = writes
    self.denied = denied
    self.limits = limits
    self.host = host
    self.home = home
    self.command = command
    self.environment = environment
    self.directory = directory
    self.identity = identity
  }
}

/// A directory of the host that a run sees under another path.
package struct PlacedPath: Sendable, Hashable {
  package var path: GrantedPath
  /// Where it lies inside, absolute.
  package var place: String
  package var isWritable: Bool
  /// Files below it that are there, and are empty inside.
  package var emptied: [String]

  package init(
    _ path: GrantedPath,
    at place: String,
    isWritable: Bool = false,
    emptied: [String] = []
  ) {
    self.path = path
    self.place = place
    self.isWritable = isWritable
    self.emptied = emptied
  }
}

/// One of the walls of a run.
package enum Wall: String, Sendable, CaseIterable {
  case namespaces, mounts, landlock, seccomp
}

/// What this machine and the caller are like.
package struct HostFacts: Sendable, Equatable {
  package var uid: UInt32
  package var gid: UInt32
  package var userName: String
  /// 0 where the kernel has no Landlock.
  package var landlockABI: Int32
  package var memoryBytes: UInt64
  /// An existing directory on which the new root can be built.
  package var stage: String
  /// Top-level symbolic links such as `/bin` → `usr/bin`.
  package var rootLinks: [String: String]
  /// Files of /proc that tell of the caller's keyrings, where the kernel has them.
  package var keyFiles: [String]

  package init(
    uid: UInt32,
    gid: UInt32,
    userName: String,
    landlockABI: Int32,
    memoryBytes: UInt64,
    stage: String,
    rootLinks: [String: String],
    keyFiles: [String] = []
  ) {
    self.uid = uid
    self.gid = gid
    self.userName = userName
    self.landlockABI = landlockABI
    self.memoryBytes = memoryBytes
    self.stage = stage
    self.rootLinks = rootLinks
    self.keyFiles = keyFiles
  }

  package var isPrivileged: Bool { uid == 0 }
}
