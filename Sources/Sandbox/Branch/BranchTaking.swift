internal import Foundation
internal import SystemPackage

/// `taking` in a run's directory: that the run's own branch is being moved on to a merge, written before
/// its work tree is touched.
///
/// Everything of the run's was committed then, so that whatever a kill left is brought to the end by
/// doing it again.
package struct BranchTaking: Codable, Hashable, Sendable {
  package var from: ObjectName
  package var to: ObjectName

  package init(from: ObjectName, to: ObjectName) {
    self.from = from
    self.to = to
  }

  static let name = "taking"

  package static func read(in directory: String) throws -> BranchTaking? {
    let run = try openTree(FilePath(directory), as: "run's directory")
    guard let bytes = try StateFile.read(Array(name.utf8), in: run) else { return nil }
    guard let taking = try? JSONDecoder().decode(BranchTaking.self, from: Data(bytes)) else {
      throw WorkspaceError.corrupt(file: "\(directory)/\(name)", what: "it names no commits")
    }
    return taking
  }

  package func write(in directory: String) throws {
    let run = try openTree(FilePath(directory), as: "run's directory")
    try StateFile.write(Array(try JSONEncoder().encode(self)), Array(Self.name.utf8), in: run)
  }

  package static func remove(in directory: String) throws {
    let run = try openTree(FilePath(directory), as: "run's directory")
    try run.unlink(Array(name.utf8))
    try run.sync()
  }

  /// Puts the pack of the new commit where the sealed git finds it; false where there is none, since
  /// the commit is the user's own.
  package func placePack(of workspace: BranchWorkspace, in scratch: String) throws -> Bool {
    guard to != workspace.record.start else { return false }
    // By the kernel: it may be as large as a disk.
    do {
      try FileManager.default.copyItem(
        atPath: BranchGift.path(of: to, in: workspace.directory),
        toPath: "\(scratch)/pack"
      )
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o644],
        ofItemAtPath: "\(scratch)/pack"
      )
    } catch {
      throw GitError.unfit(
        "the merge \(to.short) of run \(workspace.record.run) cannot be read: \(error)"
      )
    }
    return true
  }

  /// What is run inside, by `sh -c`. Its arguments: the work tree, the scratch directory, the new
  /// commit. Done twice, it comes to the same.
  package static let script = #"""
    set -u
    umask 022
    root=$1 scratch=$2 to=$3
    cd "$root" || exit 70
    export GIT_CEILING_DIRECTORIES="${root%/*}"
    dir=$(timeout -k 5 60 git rev-parse --path-format=absolute --git-dir) || exit 71
    theirs() { timeout -k 5 1500 git --git-dir="$dir" --work-tree="$root" "$@"; }
    head=$(theirs symbolic-ref -q HEAD) || head=HEAD
    rm -f "$dir/index.lock" "$dir/HEAD.lock" "$dir/$head.lock"
    if [ -e "$scratch/pack" ]; then
      theirs index-pack --stdin <"$scratch/pack" >/dev/null || exit 72
    fi
    theirs read-tree --reset -u "$to" || {
      # A run may have closed its own directories.
      chmod -R u+rwX . && theirs read-tree --reset -u "$to"
    } || exit 73
    theirs update-ref -m 'caisson: merged' HEAD "$to" || exit 74
    rm -f "$dir/MERGE_HEAD" "$dir/MERGE_MSG" "$dir/MERGE_MODE" "$dir/AUTO_MERGE"
    """#
}
