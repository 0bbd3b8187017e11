import Crypto
import Foundation
import Subprocess
import Testing

@testable import Egress
@testable import Policy

/// What git sends in a push from one commit to another, made by git itself.
struct PackedHistory {
  let old: String
  let new: String
  let pack: [UInt8]

  /// - Parameter script: leaves the ids in files `old` and `new`, and the pack in `pack`. `save A B`
  ///   does that for a push from A to B, and `commit TEXT` commits a file.
  static func made(by script: String, format: String = "sha1") async throws -> PackedHistory {
    let folder = FileManager.default.temporaryDirectory.appending(path: "caisson-pack-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let result = try await Subprocess.run(
      .name("sh"),
      arguments: ["-c", prelude + script, folder.path],
      environment: .inherit.updating([
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.test",
        "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b.test", "FORMAT": format,
      ]),
      output: .discarded,
      error: .string(limit: 1 << 16)
    )
    try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    func read(_ name: String) throws -> Data {
      try Data(contentsOf: folder.appending(path: name))
    }
    func id(_ name: String) throws -> String {
      String(decoding: try read(name), as: UTF8.self).trimmingCharacters(in: .newlines)
    }
    return PackedHistory(old: try id("old"), new: try id("new"), pack: Array(try read("pack")))
  }

  private static let prelude = """
    set -e
    cd "$0"
    git init -q -b main --object-format=$FORMAT .
    commit() { echo "$1" >> "${2:-file}"; git add "${2:-file}"; git commit -qm "$1"; }
    save() {
      git rev-parse "$1" > old; git rev-parse "$2" > new; from=$1; to=$2; shift 2
      printf '%s\\n^%s\\n' "$to" "$from" | git pack-objects -q --revs --stdout "$@" > pack
    }
    commits_that_are_deltas() {
      git index-pack --fix-thin --stdin < pack > made
      git verify-pack -v .git/objects/pack/*-$(cut -f2 made).pack |
        awk '$2 == "commit" && NF == 7' | wc -l
    }
    commit one; commit two

    """

  var update: RefUpdate { RefUpdate(old: old, new: new, ref: "refs/heads/x") }

  /// What is seen where the pack comes in pieces of a size.
  func progress(
    cut: Int = .max,
    shallow: Set<String> = [],
    bounds: PackReader.Bounds = PackReader.Bounds()
  ) -> PackAncestry.Progress {
    Self.progress(of: pack, update, cut: cut, shallow: shallow, bounds: bounds)
  }

  static func progress(
    of pack: [UInt8],
    _ updates: RefUpdate...,
    cut: Int = .max,
    shallow: Set<String> = [],
    bounds: PackReader.Bounds = PackReader.Bounds()
  ) -> PackAncestry.Progress {
    var ancestry = PackAncestry(updates, shallow: shallow, bounds: bounds) { object in
      updates[0].old.count == 64
        ? Array(SHA256.hash(data: object)) : Array(Insecure.SHA1.hash(data: object))
    }
    var rest = pack[...]
    while !rest.isEmpty {
      let progress = ancestry.read(Array(rest.prefix(cut)))
      if progress != .more { return progress }
      rest = rest.dropFirst(cut)
    }
    return ancestry.end()
  }
}
