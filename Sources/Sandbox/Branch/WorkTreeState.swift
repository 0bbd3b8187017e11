internal import SystemPackage

/// What the user's work tree holds that his `HEAD` does not, and what of it a branch carries.
struct WorkTreeState {
  let head: ObjectName
  /// Paths whose content is not that of `HEAD`, removed ones included.
  private(set) var carried: [RelativePath] = []
  private(set) var left: [BranchRecord.Left] = []
  /// Files of `HEAD` whose content passes through a filter on its way out.
  private(set) var filtered = 0

  private static let doing = "look at the work tree"

  /// That of a run which begins at another one's commit: nothing of the user's work tree is looked at.
  init(_ beginning: BranchBeginning, of repository: GitRepository) throws(GitError) {
    guard beginning.record.commonDirectory == repository.commonDirectory,
      beginning.record.root == repository.root
    else {
      throw .unfit(
        "the commit to begin at is one of \(beginning.record.root), not of \(repository.root)"
      )
    }
    head = beginning.commit
  }

  init(of repository: GitRepository, _ options: BranchWorkspace.Options) throws {
    let answer = try repository.run(
      [
        "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=all",
      ],
      doing: "\(Self.doing) \(repository.root)"
    )
    var head: ObjectName?
    var paths: [[UInt8]] = []
    for entry in answer.bytes.split(separator: 0) {
      if let rest = Self.rest(of: entry, after: "# branch.oid ") {
        let text = String(decoding: rest, as: UTF8.self)
        guard text != "(initial)" else {
          throw GitError.unfit(
            "\(repository.root) has no commit yet, so that a branch has nowhere to begin; commit "
              + "something first, or use --workspace overlay"
          )
        }
        head = ObjectName(text)
      }
      if let path = Self.path(of: entry) { paths.append(path) }
    }
    guard let head else {
      throw GitError.unreadable(doing: Self.doing, what: "its HEAD is not named")
    }
    self.head = head
    for path in paths { take(path, repository, options) }
    try refuseRoom(repository)
    try leaveFiltered(repository)
  }

  private static func rest(of entry: ArraySlice<UInt8>, after start: String) -> ArraySlice<UInt8>? {
    entry.starts(with: start.utf8) ? entry.dropFirst(start.utf8.count) : nil
  }

  /// The path of one entry of the status; nil for headers and for submodules.
  private static func path(of entry: ArraySlice<UInt8>) -> [UInt8]? {
    let fields: Int
    switch entry.first {
    case UInt8(ascii: "?"): return Array(entry.dropFirst(2))
    case UInt8(ascii: "1"): fields = 8
    case UInt8(ascii: "u"): fields = 10
    default: return nil
    }
    let parts = entry.split(separator: 0x20, maxSplits: fields, omittingEmptySubsequences: false)
    // The third field says whether it is a submodule: S or N.
    guard parts.count == fields + 1, parts[2].first == UInt8(ascii: "N") else { return nil }
    return Array(parts[fields])
  }

  private mutating func take(
    _ bytes: [UInt8],
    _ repository: GitRepository,
    _ options: BranchWorkspace.Options
  ) {
    guard bytes.last != UInt8(ascii: "/"), let path = RelativePath(bytes), !path.isRoot else {
      leave(bytes, "a repository of its own")
      return
    }
    let absolute = "\(repository.root)/\(String(decoding: bytes, as: UTF8.self))"
    if options.denied.contains(where: { PathText.covers($0, absolute) }) {
      return leave(bytes, "the policy denies it")
    }
    let status = try? OpenFile.open(.init(repository.root), [.read, .directory]).status(of: bytes)
    if let status {
      switch status.kind {
      case .file where status.size > options.largestCarried:
        return leave(bytes, "larger than \(ChangeDiff.size(Int(options.largestCarried)))")
      case .file, .symbolicLink: break
      default: return leave(bytes, "a \(status.kind.word)")
      }
    }
    carried.append(path)
  }

  private mutating func leave(_ path: [UInt8], _ reason: String) {
    left.append(BranchRecord.Left(path: PrintableText.quotedName(path), reason: reason))
  }

  /// A branch of the name `caisson` leaves no room for `caisson/RUN`.
  private func refuseRoom(_ repository: GitRepository) throws(GitError) {
    let found = try repository.run(
      ["for-each-ref", "--format=%(refname)", "refs/heads/caisson"],
      doing: "look for branches of \(repository.root)"
    )
    if found.text.split(separator: "\n").contains("refs/heads/caisson") {
      throw .unfit(
        "\(repository.root) has a branch named 'caisson', so that there can be no caisson/RUN; "
          + "rename it: git branch -m caisson OTHER"
      )
    }
  }

  /// What passes through a filter is stored otherwise than it lies in the work tree: without running
  /// the filter it cannot be carried.
  private mutating func leaveFiltered(_ repository: GitRepository) throws(GitError) {
    let filters = repository.settings.filters
    if filters.isEmpty { return }
    let names = try repository.git.run(
      ["-C", repository.root, "ls-files", "-z", "--"] + filters.map { ":(attr:filter=\($0))" },
      doing: "list the files of \(repository.root) with a filter",
      settings: .user,
      variables: ["GIT_LITERAL_PATHSPECS": "0"],
      accepting: [0, 128]
    )
    filtered = names.bytes.count { $0 == 0 }
    if carried.isEmpty { return }
    let answer = try repository.run(
      ["check-attr", "-z", "--stdin", "filter"],
      doing: "ask which files have a filter",
      input: .bytes(carried.flatMap { $0.bytes + [0] })
    )
    let fields = answer.bytes.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
    var refused: [[UInt8]: String] = [:]
    for index in stride(from: 0, to: fields.count - 2, by: 3) {
      let value = String(decoding: fields[index + 2], as: UTF8.self)
      if filters.contains(value) { refused[fields[index]] = value }
    }
    for path in carried {
      if let name = refused[path.bytes] { leave(path.bytes, "passes through the filter '\(name)'") }
    }
    carried.removeAll { refused[$0.bytes] != nil }
  }
}
