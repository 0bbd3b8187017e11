internal import CLinux
internal import Glibc

/// The private repository and work tree of one run in its own directory: the run writes them, and
/// nothing of the user's repository.
///
///     tree/         what the run sees as its workspace, with a `.git` of its own
///     base/         objects of what was carried in, and how the tree began; never the run's to write
///     branch.json   the record
///
/// `tree/.git` borrows the objects of `base` and of the user's repository, which a run sees
/// read-only at `/caisson/objects`; outside, these paths lead nowhere, so that a git that somebody runs
/// there by mistake finds nothing to work on.
package struct BranchWorkspace: Sendable {
  package let record: BranchRecord
  /// `runs/<id>`.
  package let directory: String

  static let recordName = "branch.json"

  package var tree: String { "\(directory)/tree" }
  var base: String { "\(directory)/base" }

  /// Directories of objects outside, in the order of their places inside.
  package var objectPlaces: [String] { ["\(base)/objects"] + record.objectPlaces }

  /// What is granted of the repository to whoever looks at the tree from inside a sandbox.
  package func grants() throws(GitError) -> [PlacedPath] {
    var grants: [PlacedPath] = []
    for (index, place) in objectPlaces.enumerated() {
      guard let found = HostTree.find(place, isSystem: false), found.isDirectory else {
        throw .unfit(
          "the objects in \(place) are gone, and the branch of run \(record.run) needs them; put "
            + "the repository back where it was"
        )
      }
      // What they borrow from has places of its own inside.
      let emptied = ["info/alternates"].filter { access("\(found.real)/\($0)", F_OK) == 0 }
      grants.append(PlacedPath(found, at: BranchRecord.insidePlace(index), emptied: emptied))
    }
    return grants
  }

  /// Reads what `make` left.
  package static func open(in directory: String) throws(GitError) -> BranchWorkspace {
    let path = "\(directory)/\(recordName)"
    guard let bytes = HostTree.bytes(path), let record = BranchRecord(json: bytes) else {
      throw .unfit(
        "\(path) cannot be read, so nothing is known of the run's branch; its work lies in "
          + "\(directory)/tree"
      )
    }
    return BranchWorkspace(record: record, directory: directory)
  }
}
