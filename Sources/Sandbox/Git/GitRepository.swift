internal import CLinux
internal import Glibc

/// The user's own repository, as far as a branch of it needs to be known.
package struct GitRepository: Sendable {
  /// The top of the work tree.
  package let root: String
  /// The repository's directory, and the one that linked work trees share.
  package let directory: String
  package let commonDirectory: String
  package let objectFormat: String
  package let isShallow: Bool
  /// Every place of objects, the repository's own first, those that it borrows from after it.
  package let objectPlaces: [String]
  package let settings: GitSettings
  let git: GitProcess

  /// Finds the repository that a directory lies in.
  package static func find(
    _ place: String,
    environment: [String: String]
  ) throws(GitError) -> GitRepository {
    let git = try GitProcess(environment: environment)
    let doing = "find a repository at \(place)"
    let bare = try git.run(
      ["-C", place, "rev-parse", "--is-bare-repository", "--is-inside-work-tree"],
      doing: doing,
      settings: .user,
      accepting: [0, 128]
    )
    guard bare.status == 0 else {
      if bare.complaint.contains("not a git repository") {
        throw .unfit(
          "\(place) lies in no git repository; a branch needs one: git init, or --workspace overlay"
        )
      }
      throw .failed(doing: doing, complaint: bare.complaint)
    }
    guard bare.text == "false\ntrue\n" else {
      throw .unfit(
        "\(place) is not in the work tree of a repository (it is bare, or its .git); name a work "
          + "tree with --in"
      )
    }
    let answer = try git.run(
      [
        "-C", place, "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir",
        "--git-common-dir", "--git-path", "objects", "--show-object-format",
        "--is-shallow-repository",
      ],
      doing: doing,
      settings: .user
    )
    let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init
    )
    guard lines.count == 7, lines[..<4].allSatisfy({ $0.hasPrefix("/") }),
      ["sha1", "sha256"].contains(lines[4])
    else { throw .unreadable(doing: doing, what: "\(lines.count) lines") }
    let owner = HostTree.find(lines[2], isSystem: false)?.uid ?? 0
    if cl_fs_effective_user() == 0, owner != 0 {
      throw .unfit(
        "\(lines[0]) belongs to user \(owner), and root would leave files in it that he cannot "
          + "change; run this as that user, or use --workspace overlay"
      )
    }
    let settings = try GitSettings(of: place, git)
    if settings.isPartial {
      throw .unfit(
        "\(lines[0]) is a partial clone, whose objects come from the network as they are needed; "
          + "fetch them all (git fetch --refetch --no-filter), or use --workspace overlay"
      )
    }
    return GitRepository(
      root: lines[0],
      directory: lines[1],
      commonDirectory: lines[2],
      objectFormat: lines[4],
      isShallow: lines[5] == "true",
      objectPlaces: try objectPlaces(from: lines[3]),
      settings: settings,
      git: git
    )
  }

  /// A directory of objects and those that it borrows from, as git follows them.
  private static func objectPlaces(from first: String) throws(GitError) -> [String] {
    var found: [String] = []
    var pending = [(first, 0)]
    while let (path, depth) = pending.popLast() {
      guard let real = HostTree.find(path, isSystem: false)?.real, !found.contains(real) else {
        continue
      }
      found.append(real)
      guard depth < 5, found.count < 32 else {
        throw .unfit("the objects in \(first) are borrowed over too many places; repack them")
      }
      for line in (HostTree.text(real + "/info/alternates") ?? "").split(separator: "\n")
      where !line.hasPrefix("#") {
        pending.append((line.hasPrefix("/") ? String(line) : "\(real)/\(line)", depth + 1))
      }
    }
    if found.isEmpty { throw .unfit("the repository's objects in \(first) cannot be found") }
    return found
  }

  /// Runs git over the repository with the user's settings, and with none of his programs.
  package func run(
    _ arguments: [String],
    doing: String,
    input: GitProcess.Input = .nothing,
    configuration: [(String, String)] = [],
    accepting: Set<Int32> = [0]
  ) throws(GitError) -> GitProcess.Output {
    try git.run(
      ["-C", root] + arguments,
      doing: doing,
      settings: .user,
      configuration: settings.withoutFilters + configuration,
      input: input,
      accepting: accepting
    )
  }
}
