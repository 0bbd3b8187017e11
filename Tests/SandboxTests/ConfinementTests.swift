import Policy
import Testing

@testable import Sandbox

/// The plan as a function of values: no kernel takes part.
@Suite struct ConfinementTests {
  static func grant(_ path: String, directory: Bool = true, system: Bool = false) -> GrantedPath {
    GrantedPath(
      named: path,
      real: path,
      isDirectory: directory,
      uid: 501,
      gid: 502,
      isSystem: system
    )
  }

  static func request(
    uid: UInt32 = 501,
    writes: [GrantedPath] = [grant("/repo")],
    denied: [GrantedPath] = [],
    reads: [GrantedPath] = [grant("/usr", system: true)]
  ) -> ConfinementRequest {
    let host = HostFacts(
      uid: uid,
      gid: uid,
      userName: "someone",
      landlockABI: 7,
      memoryBytes: 1 << 30,
      stage: "/tmp",
      rootLinks: ["/bin": "usr/bin"]
    )
    return ConfinementRequest(
      workspace: .init(path: grant("/repo"), mode: .overlay, layer: "/state/run"),
      reads: reads,
      writes: writes,
      denied: denied,
      limits: Limits(processes: 10, diskBytes: 1 << 20),
      host: host,
      home: "/home/someone",
      command: ["true"],
      environment: ["B": "2", "A": "1"],
      directory: "/repo",
      identity: Confinement.identity(host, number: 77)
    )
  }

  @Test func `never gives a run of uid 0 the uid 0, inside or outside`() {
    let identity = Confinement.plan(Self.request(uid: 0)).identity
    #expect(identity.isPrivileged)
    #expect(identity.uid != 0 && identity.gid != 0)
    #expect(identity.insideUID != 0 && identity.insideGID != 0)
  }

  @Test func `maps layers but never the system's files to the run`() {
    let plan = Confinement.plan(Self.request(uid: 0))
    for step in plan.steps {
      switch step {
      case .bind(let source, _, _): #expect(source.identityMap == nil)
      case .overlay(let lower, let layer, _, _):
        #expect(lower.identityMap == .init(uid: 501, gid: 502))
        #expect(layer.identityMap == lower.identityMap)
        #expect(lower.attributes.contains(.readOnly))
      default: break
      }
    }
  }

  @Test func `binds everything without set-user-ID and devices`() {
    for step in Confinement.plan(Self.request()).steps {
      guard case .bind(let source, let target, _) = step else { continue }
      #expect(source.attributes.contains(.noSetuid))
      #expect(source.attributes.contains(.noDevices) || target.hasPrefix("dev/"))
    }
  }

  @Test func `pins each ancestor of a denied path up to the writable root`() throws {
    let plan = Confinement.plan(
      Self.request(denied: [Self.grant("/repo/a/b/secret", directory: false)])
    )
    let tail = Array(plan.steps.suffix(3))
    #expect(
      tail == [
        .pin(target: "repo/a"), .pin(target: "repo/a/b"),
        .mask(target: "repo/a/b/secret", isDirectory: false),
      ]
    )
  }

  @Test func `leaves out what nothing grants`() {
    let plan = Confinement.plan(Self.request(denied: [Self.grant("/elsewhere/secret")]))
    #expect(!plan.steps.contains(.mask(target: "elsewhere/secret", isDirectory: true)))
  }

  @Test func `keeps a read grant inside a writable tree read-only`() {
    let plan = Confinement.plan(
      Self.request(reads: [Self.grant("/usr", system: true), Self.grant("/repo/vendor")])
    )
    #expect(plan.steps.contains(.readOnly(target: "repo/vendor")))
  }

  @Test func `opens one directory of a workspace that is otherwise read-only`() {
    let plan = Confinement.plan(
      Self.request(
        writes: [Self.grant("/repo/build")],
        reads: [Self.grant("/usr", system: true), Self.grant("/repo")]
      )
    )
    let overlays = plan.steps.compactMap { step -> MountAttributes? in
      if case .overlay(_, _, "repo", let attributes) = step { attributes } else { nil }
    }
    #expect(overlays == [[.noSetuid, .noDevices, .readOnly]])
    #expect(plan.steps.contains(.writable(target: "repo/build")))
  }

  @Test func `shows a branch its own tree, and what it borrows read-only under a path of its own`()
    throws
  {
    var request = Self.request(uid: 0)
    request.workspace?.mode = .branch
    let emptied = ["info/alternates"]
    request.placed = [
      PlacedPath(Self.grant("/repo/.git/objects"), at: "/caisson/objects/1", emptied: emptied),
      PlacedPath(Self.grant("/state/run/scratch"), at: "/caisson/scratch", isWritable: true),
    ]
    let plan = Confinement.plan(request)
    var sources: [String: LaunchPlan.Source] = [:]
    for step in plan.steps {
      if case .bind(let source, let target, _) = step { sources[target] = source }
    }
    #expect(sources["repo"]?.path == "/state/run/tree")
    let objects = try #require(sources["caisson/objects/1"])
    #expect(objects.path == "/repo/.git/objects" && objects.attributes.contains(.readOnly))
    #expect(objects.identityMap == .init(uid: 501, gid: 502))
    #expect(sources["caisson/objects/1/info/alternates"]?.path == "/dev/null")
    #expect(sources["caisson/scratch"]?.attributes.contains(.readOnly) == false)
    let rights = Dictionary(
      uniqueKeysWithValues: (plan.landlock?.rules ?? []).map { ($0.path, $0.access) }
    )
    #expect(rights["/caisson/objects/1"] == [.readFile, .readDirectory])
    #expect(rights["/caisson/scratch"]?.isSuperset(of: .write) == true)
  }

  @Test func `places ancestors before what lies below them`() {
    let targets = Confinement.plan(Self.request()).steps.compactMap { step -> String? in
      switch step {
      case .tmpfs(let target, _, _, _, _), .bind(_, let target, _), .overlay(_, _, let target, _):
        target
      default: nil
      }
    }
    for (index, target) in targets.enumerated() {
      #expect(!targets[..<index].contains { $0.hasPrefix(target + "/") }, "\(target)")
    }
  }

  @Test func `handles every Landlock right of the kernel and grants no device nodes`() throws {
    let landlock = try #require(Confinement.plan(Self.request()).landlock)
    for rule in landlock.rules {
      #expect(rule.access.isDisjoint(with: [.makeBlockDevice, .makeCharacterDevice]))
    }
    let writable = landlock.rules.filter { $0.access.contains(.writeFile) }.map(\.path)
    #expect(
      Set(writable) == ["/dev", "/dev/shm", "/home/someone", "/proc", "/repo", "/tmp"]
    )
  }

  @Test func `a session's service is put there for reading, and its layer is to last`() throws {
    var request = Self.request(uid: 0)
    #expect(!Confinement.plan(request).isDurable)
    request.isContinued = true
    request.service = (Self.grant("/opt/service", system: true), "/etc/caisson/exec")
    request.service?.program.isDirectory = false
    let plan = Confinement.plan(request)
    #expect(plan.isDurable)
    let binds = plan.steps.compactMap { step -> LaunchPlan.Source? in
      if case .bind(let source, "etc/caisson/exec", false) = step { source } else { nil }
    }
    let source = try #require(binds.first)
    #expect(source.path == "/opt/service" && source.identityMap == nil)
    #expect(source.attributes.isSuperset(of: [.readOnly, .noSetuid, .noDevices]))
    // No right of Landlock goes to where it lies on the host.
    let rules = try #require(plan.landlock).rules
    #expect(!rules.contains { $0.path.hasPrefix("/opt") })
  }

  @Test func `encodes what it plans within the launcher's bound`() {
    let bytes = Confinement.plan(Self.request()).encoded()
    #expect(bytes.count > 500 && bytes.count < 1 << 20)
    #expect(bytes == Confinement.plan(Self.request()).encoded())
  }
}
