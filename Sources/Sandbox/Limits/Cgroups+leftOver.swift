internal import Glibc

extension Cgroups {
  /// The groups of runs that lie where this process would make its own: those of living runs, and
  /// those that a run left whose supervisor and launcher were killed together.
  package static func present() -> [RunID: [String]] {
    var found: [RunID: [String]] = [:]
    for parent in Set(places().parents.map(\.path)).sorted() {
      for name in HostTree.names(in: parent) where name.hasPrefix("caisson-") {
        guard let run = RunID(String(name.dropFirst("caisson-".count))) else { continue }
        found[run, default: []].append("\(parent)/\(name)")
      }
    }
    return found
  }

  /// Removes groups that hold no process; the kernel refuses to remove any other.
  package static func removeEmpty(_ paths: [String]) {
    for path in paths { rmdir(path) }
  }

  /// Removes what a run left, as soon as its last process has let go of its mounts; false where that
  /// takes longer than ten seconds.
  package static func removeRest(of run: RunID) -> Bool {
    for _ in 0..<1000 {
      let rest = (present()[run] ?? []).filter { rmdir($0) != 0 && errno != ENOENT }
      if rest.isEmpty { return true }
      usleep(10_000)
    }
    return false
  }
}
