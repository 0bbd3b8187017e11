internal import CLinux
internal import SystemPackage

/// What a run left in its private repository and work tree, as one commit and a pack of what leads to
/// it.
///
/// The tree was a run's to write, with its `.git`: configuration, hooks, attributes, references,
/// places of objects. So git looks at it in a sandbox (`script`), with a repository of Caisson's own
/// and an index that the run never had; what comes out is a few lines and a pack, both of them data.
package struct BranchHarvest: Sendable {
  package struct Branch: Sendable, Hashable {
    package var name: String
    /// How many of its commits lead neither to the result nor to anything of the user's.
    package var commits: Int
  }

  /// What `HEAD` was in the private repository.
  package var tip: ObjectName
  /// `tip`, or the commit on top of it of what was not committed.
  package var final: ObjectName
  /// Where `HEAD` was, if not at the run's branch.
  package var head: String?
  /// Other branches, tags and stashes that hold commits of the run.
  package var others: [Branch]
  /// Why the private repository could not be read, if it could not: then `tip` is the base, and the
  /// work tree is all that there is.
  package var damage: String?
  /// What git could not take into the commit, in its own words.
  package var troubles: [String]
  /// Repositories within the work tree, whose content no commit can hold.
  package var nested: [String]
  /// How many files and directories the work tree's own rules have git ignore.
  package var ignored = 0
  /// Where in the file of output the pack begins.
  package var packOffset: Int

  package var hasUncommitted: Bool { tip != final }

  /// Whether anything lies in the tree that is not in `final`.
  package var leavesWork: Bool {
    !others.isEmpty || !nested.isEmpty || !troubles.isEmpty || damage != nil || ignored > 0
  }

  /// What is run inside, by `sh -c`. Its arguments: the work tree, the scratch directory, the base,
  /// `look` or `commit`, and why the run's repository is not to be used, or nothing.
  package static let script = #"""
    set -u
    umask 022
    root=$1 scratch=$2 base=$3 mode=$4 damage=$5
    say() { printf '%s\n' "$*"; }
    own() { git --git-dir="$scratch/git" --work-tree="$root" "$@"; }
    patience=60
    # A link in the run's repository may lead to a pipe.
    theirs() { timeout -k 5 "$patience" git --git-dir="$dir" --work-tree="$root" "$@"; }
    cd "$root" || exit 70
    export GIT_CEILING_DIRECTORIES="${root%/*}"
    tip=
    places=$scratch/git/objects/info/alternates
    cp "$places" "$scratch/places"
    printf '%s\n' "$damage" >"$scratch/why"
    if [ -z "$damage" ] &&
      dir=$(timeout -k 5 "$patience" git rev-parse --path-format=absolute --git-dir 2>"$scratch/why") &&
      objects=$(theirs rev-parse --path-format=absolute --git-path objects 2>"$scratch/why") &&
      printf '%s\n' "$objects" >>"$places" &&
      tip=$(theirs rev-parse --verify 'HEAD^{commit}' 2>"$scratch/why") &&
      timeout -k 5 900 git --git-dir="$scratch/git" rev-list --objects --quiet \
        "$tip" "^$base" 2>"$scratch/why"; then
      head=$(theirs symbolic-ref -q HEAD) || head=
    else
      why=$(tr '\n' ' ' <"$scratch/why" | cut -c 1-400)
      say "damage ${why:-git had no answer in time}"
      tip=$base head= dir=
      cp "$scratch/places" "$places"
    fi
    own read-tree -m "$tip" || own read-tree "$tip" || exit 71
    own add -A --ignore-errors --pathspec-from-file="$scratch/paths" --pathspec-file-nul \
      2>"$scratch/why" || sed 's/^/trouble /' "$scratch/why" | cut -c 1-400 | head -n 20
    tree=$(own write-tree) || exit 72
    final=$tip
    if [ "$tree" != "$(own rev-parse "$tip^{tree}")" ]; then
      final=$(own commit-tree -p "$tip" -F "$scratch/message" "$tree") || exit 73
    fi
    if [ "$mode" = commit ] && [ "$final" != "$tip" ] && [ -n "$dir" ]; then
      patience=1500
      rm -f "$dir/index.lock" "$dir/HEAD.lock" "$dir/$head.lock"
      printf '%s\n^%s\n' "$final" "$tip" | own pack-objects --revs --stdout -q |
        theirs unpack-objects -q &&
        theirs update-ref -m 'caisson: what was not committed' HEAD "$final" "$tip" &&
        { theirs read-tree -m "$final" || theirs read-tree "$final"; }
    fi >&2
    patience=60
    say "tip $tip"
    say "final $final"
    say "head $head"
    say "ignored $(own ls-files --others --ignored --exclude-standard --directory | head -n 1000 | wc -l)"
    if [ -n "$dir" ]; then
      theirs for-each-ref --format='%(objectname) %(refname)' | grep -vxFf "$scratch/known" |
        head -n 64 | while read -r name ref; do
        count=$({ echo "$name"; echo "^$final"; echo "^$tip"; sed 's/^/^/; s/ .*//' "$scratch/known"; } |
          theirs rev-list --count --ignore-missing --stdin 2>/dev/null) || count=1
        [ "$count" = 0 ] || say "other $count $ref"
      done
    fi
    say pack
    [ "$final" = "$base" ] && exit 0
    printf '%s\n^%s\n' "$final" "$base" |
      own pack-objects --revs --thin --delta-base-offset --stdout -q
    """#

  /// Reads what the script said.
  package init(output path: String, nested: [String]) throws(GitError) {
    let doing = "look into the run's branch"
    guard let start = Self.beginning(of: path) else {
      throw .unreadable(doing: doing, what: "no output")
    }
    let mark = Array("\npack\n".utf8)
    guard let end = start.firstRange(of: mark) else {
      throw .unreadable(doing: doing, what: "no pack")
    }
    packOffset = end.upperBound
    var names: [String: ObjectName] = [:]
    head = nil
    others = []
    troubles = []
    for line in start[..<end.lowerBound].split(separator: 10) {
      let text = String(decoding: line, as: UTF8.self)
      guard let space = text.firstIndex(of: " ") else { continue }
      let rest = text[text.index(after: space)...]
      switch text[..<space] {
      case "tip", "final": names[String(text[..<space])] = ObjectName(rest)
      case "head": head = rest.isEmpty ? "a commit without a branch" : String(rest)
      case "ignored": ignored = Int(rest) ?? 0
      case "damage": damage = String(rest)
      case "trouble": troubles.append(String(rest))
      case "other":
        let parts = rest.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let count = Int(parts[0]) else { continue }
        others.append(Branch(name: String(parts[1]), commits: count))
      default: break
      }
    }
    guard let tip = names["tip"], let final = names["final"] else {
      throw .unreadable(doing: doing, what: "no commit")
    }
    self.tip = tip
    self.final = final
    self.nested = nested
  }

  private static func beginning(of path: String) -> [UInt8]? {
    let number = cl_open(Int32(CL_AT_FDCWD), path, 0, 0)
    guard number >= 0 else { return nil }
    let file = Descriptor(number)
    var bytes = [UInt8](repeating: 0, count: 1 << 17)
    var total = 0
    while total < bytes.count {
      var piece = [UInt8](repeating: 0, count: bytes.count - total)
      let count = cl_read(file.number, &piece, piece.count)
      guard count > 0 else { break }
      bytes.replaceSubrange(total..<(total + count), with: piece[..<count])
      total += count
    }
    return Array(bytes[..<total])
  }
}

extension [UInt8] {
  func firstRange(of mark: [UInt8]) -> Range<Int>? {
    guard count >= mark.count else { return nil }
    return (0...(count - mark.count)).first { self[$0...].starts(with: mark) }.map {
      $0..<($0 + mark.count)
    }
  }
}
