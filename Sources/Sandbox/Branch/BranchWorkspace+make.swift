internal import CLinux
internal import Glibc
internal import SystemPackage

extension BranchWorkspace {
  /// What else a branch depends on.
  package struct Options: Sendable {
    package var run: RunID
    /// What the policy lets nobody see, as absolute paths: never carried.
    package var denied: [String] = []
    /// Where in the work tree the run begins: there is a directory, whatever git keeps.
    package var startDirectory: String?
    /// Who owns what the run may write, where Caisson is root.
    package var owner: (user: UInt32, group: UInt32)?
    /// The most bytes of one uncommitted file that is carried.
    package var largestCarried: UInt64 = 64 << 20
    /// Where it begins, if not at what the user's work tree holds.
    package var beginning: BranchBeginning?

    package init(run: RunID) { self.run = run }
  }

  /// Makes the private repository and work tree in the run's directory: the content of the user's
  /// `HEAD`, and his uncommitted work on top as a commit of its own.
  package static func make(
    of repository: GitRepository,
    in directory: String,
    _ options: Options
  ) throws -> BranchWorkspace {
    let state =
      try options.beginning.map { try WorkTreeState($0, of: repository) }
      ?? WorkTreeState(of: repository, options)
    var record = BranchRecord(
      run: options.run.text,
      root: repository.root,
      commonDirectory: repository.commonDirectory,
      objectFormat: repository.objectFormat,
      isShallow: repository.isShallow,
      objectPlaces: repository.objectPlaces,
      start: options.beginning?.record.start ?? state.head,
      base: state.head,
      carried: state.carried.count,
      left: Array(state.left.prefix(100)),
      leftCount: state.left.count,
      submodules: [],
      filtered: state.filtered,
      userName: repository.settings.userName ?? "Caisson",
      userEmail: repository.settings.userEmail ?? "caisson@localhost"
    )
    let making = BranchMaking(repository: repository, directory: directory, options: options)
    try making.makeBase(record)
    try making.takeBeginning()
    record.base = try making.checkOut(state, record)
    record.submodules = try making.submodules()
    try making.makeStartDirectory()
    try making.makePrivateRepository(record)
    if let owner = options.owner { making.give(to: owner) }
    let run = try openTree(FilePath(directory), as: "run's directory")
    let file = try run.open(name: Array(recordName.utf8), .replace)
    try FileContent.write(record.json, to: file, Array(recordName.utf8))
    // What the run writes lies past the times that the index knows.
    _ = Timestamp.nextTick()
    return BranchWorkspace(record: record, directory: directory)
  }

  /// Writes the files of a repository without objects of its own: no hooks, no remote programs.
  static func makeRepository(
    at path: String,
    _ record: BranchRecord,
    head: String,
    alternates: [String],
    settings: [(String, String)] = [],
    isBare: Bool
  ) throws(WorkspaceError) {
    for name in ["", "/objects", "/objects/info", "/objects/pack", "/refs", "/refs/heads", "/info"]
    {
      try makeDirectory(path + name)
    }
    var all = [
      ("core.repositoryformatversion", record.objectFormat == "sha1" ? "0" : "1"),
      ("core.bare", isBare ? "true" : "false"),
    ]
    if record.objectFormat != "sha1" {
      all.append(("extensions.objectformat", record.objectFormat))
    }
    try write(GitConfigText.make(all + settings), to: "\(path)/config")
    try write("ref: \(head)\n", to: "\(path)/HEAD")
    try write(alternates.map { $0 + "\n" }.joined(), to: "\(path)/objects/info/alternates")
    if record.isShallow, let text = HostTree.text("\(record.commonDirectory)/shallow") {
      try write(text, to: "\(path)/shallow")
    }
  }

  static func makeDirectory(_ path: String) throws(WorkspaceError) {
    let made = cl_mkdirat(Int32(CL_AT_FDCWD), path, 0o755)
    guard made == 0 || made == -EEXIST else { throw .call("make the directory", path, made) }
  }

  static func write(_ text: String, to path: String) throws(WorkspaceError) {
    let file = try OpenFile.open(FilePath(path), .replace, mode: 0o644)
    try FileContent.write(Array(text.utf8), to: file, Array(path.utf8))
  }
}
