internal import CLinux
internal import Glibc
internal import SystemPackage

/// The steps in which a branch workspace is made, each of them over what no run has written to.
struct BranchMaking {
  let repository: GitRepository
  let directory: String
  let options: BranchWorkspace.Options

  private var tree: String { "\(directory)/tree" }
  private var base: String { "\(directory)/base" }

  /// Runs git over the base and the work tree.
  private func own(
    _ arguments: [String],
    doing: String,
    variables: [String: String] = [:],
    isKept: Bool = false,
    input: GitProcess.Input = .nothing
  ) throws(GitError) -> GitProcess.Output {
    let places = repository.objectPlaces.map {
      "\"" + $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    var variables = variables
    variables["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = places.joined(separator: ":")
    return try repository.git.run(
      ["--git-dir=\(base)", "--work-tree=\(tree)"] + arguments,
      doing: doing,
      variables: variables,
      // Whatever is here is in the user's work tree, too, until the run writes.
      configuration: isKept ? [] : [("core.fsync", "none")],
      input: input
    )
  }

  /// Takes in the objects of another run's commit that this one begins at: the run sees them as it sees
  /// those of what is carried in.
  func takeBeginning() throws {
    guard let pack = options.beginning?.pack else { return }
    let number = cl_open(Int32(CL_AT_FDCWD), pack, 0, 0)
    guard number >= 0 else { throw GitError.system(doing: "read \(pack)", number: -number) }
    let file = Descriptor(number)
    _ = try own(
      ["index-pack", "--stdin", "--strict"],
      doing: "take in the commit that it begins at",
      isKept: true,
      input: .descriptor(file.number)
    )
  }

  func makeBase(_ record: BranchRecord) throws {
    try BranchWorkspace.makeRepository(
      at: base,
      record,
      head: "refs/heads/base",
      // A run sees the objects that lie here, and paths of the host would mean nothing to it.
      alternates: [],
      settings: repository.settings.plain,
      isBare: false
    )
    try copyExclude(to: base)
    try BranchWorkspace.makeDirectory(tree)
  }

  /// Fills the work tree with a commit and the user's own work on top; gives the commit that it is.
  func checkOut(_ state: WorkTreeState, _ record: BranchRecord) throws -> ObjectName {
    _ = try own(
      ["read-tree", "-m", "-u", state.head.text],
      doing: "check out \(state.head.short) into \(tree)"
    )
    var name = state.head
    if !state.carried.isEmpty {
      try carry(state.carried)
      _ = try own(
        ["update-index", "-z", "--add", "--remove", "--stdin"],
        doing: "take in what is not committed",
        input: .bytes(state.carried.flatMap { $0.bytes + [0] })
      )
      let content = try own(["write-tree"], doing: "write a tree").text
      name = try commit(content.trimmedLine, of: state, record)
    }
    return name
  }

  private func commit(
    _ content: Substring,
    of state: WorkTreeState,
    _ record: BranchRecord
  ) throws -> ObjectName {
    let message = """
      Work in progress, carried in by Caisson

      What was not committed in \(record.root)
      when run \(record.run) began. It is nothing that the run did.

      """
    let answer = try own(
      ["commit-tree", "-p", state.head.text, "-F", "-", String(content)],
      doing: "commit what was carried in",
      variables: record.identity,
      input: .bytes(Array(message.utf8))
    )
    guard let name = ObjectName(answer.text.trimmedLine) else {
      throw GitError.unreadable(doing: "commit what was carried in", what: "no name of a commit")
    }
    return name
  }

  /// Makes paths of the work tree what they are in the user's.
  private func carry(_ paths: [RelativePath]) throws(WorkspaceError) {
    let from = Directory(try openTree(FilePath(repository.root), as: "workspace"))
    let to = Directory(try openTree(FilePath(tree), as: "run's work tree"))
    var sources = DirectoryCursor(root: from)
    var added: [(RelativePath, FileStatus)] = []
    for path in paths.sorted() {
      if let status = try sources.status(of: path) { added.append((path, status)) }
      var targets = DirectoryCursor(root: to)
      guard let parent = try? targets.parent(of: path),
        let old = try parent.file.status(of: path.name), old.kind != .directory
      else { continue }
      try parent.file.unlink(path.name)
      // Git keeps no empty directory.
      var place = path.parent
      while let directory = place, !directory.isRoot, let above = directory.parent {
        guard let holder = try? to.file.open(above, [.path, .directory]),
          (try? holder.removeDirectory(directory.name)) != nil
        else { break }
        place = above
      }
    }
    for (path, status) in added {
      try makeParents(of: path, in: to)
      var copy = TreeCopy(.untrusted, from: from, to: to, staged: false)
      try copy.copy(path, to: path, mode: status.permissions, expecting: status)
    }
  }

  /// Git keeps no empty directory, and the run may be to start in one.
  func makeStartDirectory() throws(WorkspaceError) {
    guard let start = options.startDirectory, PathText.liesBelow(start, repository.root),
      let path = RelativePath(start.utf8.dropFirst(repository.root.utf8.count + 1))
    else { return }
    let top = Directory(try openTree(FilePath(tree), as: "run's work tree"))
    try? makeParents(of: path.appending([UInt8(ascii: "x")]), in: top)
  }

  private func makeParents(of path: RelativePath, in top: Directory) throws(WorkspaceError) {
    guard let parent = path.parent, !parent.isRoot else { return }
    var above = RelativePath.root
    for name in parent.bytes.split(separator: UInt8(ascii: "/")).map(Array.init) {
      let holder = try top.file.open(above, [.path, .directory])
      if try holder.status(of: name) == nil { try holder.makeDirectory(name, mode: 0o755) }
      above = above.appending(name)
    }
  }

  /// The submodules; their directories are empty in the run.
  func submodules() throws(GitError) -> [String] {
    let answer = try own(
      ["ls-files", "--stage", "-z"],
      doing: "list the files of \(tree)"
    )
    return answer.bytes.split(separator: 0).compactMap { entry in
      guard entry.starts(with: "160000 ".utf8), let tab = entry.firstIndex(of: 9) else {
        return nil
      }
      return String(decoding: entry[(tab + 1)...], as: UTF8.self)
    }
  }

  /// Writes `tree/.git`: the run's own repository.
  func makePrivateRepository(_ record: BranchRecord) throws {
    let place = "\(tree)/.git"
    var settings = repository.settings.plain
    settings.append(("core.logallrefupdates", "true"))
    settings.append(("gc.auto", "0"))
    if let name = repository.settings.userName { settings.append(("user.name", name)) }
    if let email = repository.settings.userEmail { settings.append(("user.email", email)) }
    for remote in repository.settings.remotes {
      settings.append(("remote.\(remote.name).url", remote.address))
      settings.append(
        ("remote.\(remote.name).fetch", "+refs/heads/*:refs/remotes/\(remote.name)/*")
      )
    }
    try BranchWorkspace.makeRepository(
      at: place,
      record,
      head: record.reference,
      alternates: (0...record.objectPlaces.count).map(BranchRecord.insidePlace),
      settings: settings,
      isBare: false
    )
    try copyExclude(to: place)
    let references = try repository.run(
      [
        "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/remotes",
        "refs/tags",
      ],
      doing: "list the branches of \(repository.root)"
    )
    try BranchWorkspace.write(references.text, to: "\(place)/packed-refs")
    // What of the private repository's branches is the user's own.
    try BranchWorkspace.write(references.text, to: "\(base)/known-refs")
    try BranchWorkspace.makeDirectory("\(place)/refs/heads/caisson")
    try BranchWorkspace.write("\(record.base)\n", to: "\(place)/\(record.reference)")
    try hideDenied()
    guard let index = HostTree.bytes("\(base)/index") else {
      throw WorkspaceError.missing(what: "index", path: "\(base)/index")
    }
    let file = try OpenFile.open(FilePath("\(place)/index"), .replace, mode: 0o644)
    try FileContent.write(index, to: file, Array("index".utf8))
  }

  /// Tracked files that the policy denies are masked in the run: git shall not take them for changed.
  private func hideDenied() throws(GitError) {
    let below = options.denied.compactMap { path in
      PathText.liesBelow(path, repository.root)
        ? String(decoding: path.utf8.dropFirst(repository.root.utf8.count + 1), as: UTF8.self) : nil
    }
    if below.isEmpty { return }
    let listed = try own(
      ["ls-files", "-z", "--"] + below,
      doing: "list what the policy denies"
    )
    if listed.bytes.isEmpty { return }
    _ = try own(
      ["update-index", "-z", "--skip-worktree", "--stdin"],
      doing: "leave out what the policy denies",
      input: .bytes(listed.bytes)
    )
  }

  /// What the user has git ignore in this repository without saying so in a file of it.
  private func copyExclude(to place: String) throws(WorkspaceError) {
    guard let bytes = HostTree.bytes("\(repository.commonDirectory)/info/exclude"),
      bytes.count < 1 << 16
    else { return }
    try BranchWorkspace.write(String(decoding: bytes, as: UTF8.self), to: "\(place)/info/exclude")
  }

  /// Gives the work tree to whom the workspace belongs, whose files a run of root's may write.
  func give(to owner: (user: UInt32, group: UInt32)) {
    if cl_fs_effective_user() != 0 || owner == (0, 0) { return }
    var pending = [tree]
    lchown(tree, owner.user, owner.group)
    while let place = pending.popLast() {
      for name in HostTree.names(in: place) {
        let path = "\(place)/\(name)"
        lchown(path, owner.user, owner.group)
        var status = cl_status()
        if cl_stat(Int32(CL_AT_FDCWD), path, Int32(CL_AT_SYMLINK_NOFOLLOW), &status) == 0,
          status.mode & S_IFMT == S_IFDIR
        {
          pending.append(path)
        }
      }
    }
  }
}

extension BranchRecord {
  /// Who commits in the user's name.
  var identity: [String: String] {
    [
      "GIT_AUTHOR_NAME": userName, "GIT_AUTHOR_EMAIL": userEmail,
      "GIT_COMMITTER_NAME": userName, "GIT_COMMITTER_EMAIL": userEmail,
    ]
  }
}

extension String {
  /// The first line.
  var trimmedLine: Substring { prefix { $0 != "\n" } }
}
