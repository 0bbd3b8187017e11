import Foundation
import Policy
import Sandbox
import SystemPackage

/// What a policy grants, found on this machine.
struct RunGrants {
  let policy: CompiledPolicy
  let workspace: GrantedPath?
  let mode: Sandbox.WorkspaceMode
  let reads: [GrantedPath]
  let writes: [GrantedPath]
  let denied: [GrantedPath]
  let hasTemporaryDirectory: Bool
  let home: String
  let startDirectory: String
  /// The repository that a branch is made of.
  let repository: GitRepository?
  let packages: RunPackages
  let models: RunModels?

  /// Reads the policy, looks its paths up, and refuses what cannot be kept.
  static func resolve(
    policyName: String,
    directory: String?,
    mode: String?,
    additions: NetworkAdditions,
    home: Home,
    models access: RunModels.Access = .ownKey,
    ignoresApprovals: Bool = false
  ) throws -> RunGrants {
    var document = try PolicySource.load(policyName)
    if case .none = access { document.models = nil }
    // Whoever drives the run keeps them.
    if ignoresApprovals { (document.approvals, document.tools) = ([], []) }
    document.network += additions.rules
    let mode = try Self.mode(mode, document)
    switch mode {
    case .none: document.workspace = .none
    case .direct: document.workspace = .direct
    case .overlay, .copy: document.workspace = .overlay
    case .branch: document.workspace = .branch
    }
    let userHome =
      Home.ofUser().flatMap { HostTree.find($0.string, isSystem: true) }?.real ?? "/tmp/home"
    let place = directory ?? FileManager.default.currentDirectoryPath
    var workspace: GrantedPath?
    var start: String?
    var repository: GitRepository?
    if mode != .none {
      if place.isEmpty {
        throw RunSession.Refusal.failed("the current directory is gone; name a workspace with --in")
      }
      guard let found = HostTree.find(place, isSystem: false), found.isDirectory else {
        throw RunSession.Refusal.failed(
          "the workspace \(place) is no directory; name one with --in"
        )
      }
      if found.real == "/" {
        throw RunSession.Refusal.policy("the workspace cannot be /; name a directory with --in")
      }
      workspace = found
      if mode == .branch {
        // A branch is of a whole repository, wherever in it the command starts.
        let top = try Self.repository(of: found.real)
        start = found.real
        workspace = HostTree.find(top.root, isSystem: false)
        repository = top
      }
    }
    let packages = try RunPackages.expand(
      &document,
      workspace: workspace?.real,
      home: userHome
    )
    additions.bind(in: &document.network)
    let models = try RunModels(document, access, home: home)
    if let models { document.network.append(.host(models.rule)) }
    let own = [home.state, home.config, home.runtime].map(\.string)
    let policy: CompiledPolicy
    do {
      policy = try CompiledPolicy(
        document,
        PolicyVariables(
          workspace: workspace?.real,
          home: userHome,
          ownDirectories: own,
          installations: ProgramPlaces.installations(of: document.filesystem.programs)
        )
      )
    } catch {
      throw RunSession.Refusal.policy("\(error)")
    }
    if !policy.unsupported.isEmpty {
      let reasons = policy.unsupported.map { "  \($0)" }.joined(separator: "\n")
      throw RunSession.Refusal.policy(
        "policy \(policy.name) grants what is not enforced yet, so nothing is run:\n\(reasons)"
      )
    }
    if mode == .branch, !policy.writesWorkspace {
      throw RunSession.Refusal.policy(
        "a branch needs the whole workspace for writing: filesystem.write: [$WORKSPACE]"
      )
    }
    var lookup = HostLookup()
    let reads = try policy.read.flatMap { try lookUp($0, &lookup) }
    let privateTemporary = policy.write.contains { $0.source == .fresh && $0.path == "/tmp" }
    let writes = try policy.write.filter { $0.source == .host }.flatMap { try lookUp($0, &lookup) }
    let denied =
      try policy.deny.flatMap { try lookUp($0, &lookup, mayBeMissing: true) }
      + own.compactMap { lookup.find($0, isSystem: true) }
    return RunGrants(
      policy: policy,
      workspace: workspace,
      mode: mode,
      reads: reads,
      writes: writes,
      denied: denied,
      hasTemporaryDirectory: privateTemporary,
      home: userHome,
      startDirectory: start ?? workspace?.real ?? (privateTemporary ? "/tmp" : "/"),
      repository: repository,
      packages: packages,
      models: models
    )
  }

  /// What the policy itself grants of the network: the way to the gateway is Caisson's own.
  var ownNetwork: [NetworkRule] {
    policy.network.filter { rule in
      if case .host(let host) = rule, let models { return host.host != models.rule.host }
      return true
    }
  }

  // MARK: - What a direct workspace needs besides

  /// Sockets that the run could reach through trees it sees directly.
  func sockets(_ mode: Sandbox.WorkspaceMode) -> [String] {
    var trees = (reads + writes).filter { !$0.isSystem && $0.isDirectory }.map(\.real)
    trees.removeAll { $0 == workspace?.real }
    // In an overlay a socket is another inode than the one that is listened on.
    if mode == .direct, let workspace { trees.append(workspace.real) }
    return trees.flatMap(HostTree.sockets(below:))
  }

  /// Whether the run writes into a directory of the host itself.
  func sharesHostTree(_ mode: Sandbox.WorkspaceMode) -> Bool {
    writes.contains { grant in
      guard grant.isDirectory else { return false }
      guard let workspace, PathText.covers(workspace.real, grant.real) else { return true }
      return mode == .direct
    }
  }

  /// Start-up files of a workspace that is used directly: they stay as they are.
  func protected(_ mode: Sandbox.WorkspaceMode) -> [GrantedPath] {
    guard mode == .direct, let workspace else { return [] }
    return StartUpFiles.existing(in: workspace.real, policy: policy)
  }

  // MARK: - Looking up

  private static func mode(
    _ text: String?,
    _ document: PolicyDocument
  ) throws -> Sandbox.WorkspaceMode {
    switch text ?? document.workspace.rawValue {
    case "overlay": return .overlay
    case "direct": return .direct
    case "none": return .none
    case "branch": return .branch
    case let other:
      throw RunSession.Refusal(
        status: 64,
        message: "--workspace \(other) is no mode; use overlay, branch, direct or none"
      )
    }
  }

  private static func repository(of place: String) throws -> GitRepository {
    do {
      return try GitRepository.find(
        place,
        environment: ProcessInfo.processInfo.environment
      )
    } catch GitError.unfit(let reason) {
      throw RunSession.Refusal.policy(reason)
    }
  }

  private static func lookUp(
    _ grant: PathGrant,
    _ lookup: inout HostLookup,
    mayBeMissing: Bool = false
  ) throws -> [GrantedPath] {
    if grant.isPrefix {
      let cut = grant.path.lastIndex(of: "/") ?? grant.path.startIndex
      let parent = String(grant.path[..<cut])
      let start = grant.path[grant.path.index(after: cut)...].utf8
      return lookup.names(in: parent).filter { $0.utf8.starts(with: start) }
        .compactMap { lookup.findSystem("\(parent)/\($0)") }
    }
    // Whoever names a part of the system set means the same tree, and need not wait for a search of
    // it for sockets.
    let isSystem = grant.isOptional || SystemPaths.entries.contains(grant.path)
    let found =
      isSystem ? lookup.findSystem(grant.path) : lookup.find(grant.path, isSystem: false)
    if let found { return [found] }
    if mayBeMissing || grant.isOptional { return [] }
    let line = grant.line.map { " (line \($0))" } ?? ""
    throw RunSession.Refusal.policy(
      "\(grant.rule)\(line): \(grant.path) does not exist on this machine; make it, or take the "
        + "line out"
    )
  }
}
