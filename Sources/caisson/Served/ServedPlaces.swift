import Glibc
import WorkWire

/// Below which directories another program may have work done, and see what was done.
struct ServedPlaces: Sendable {
  /// Real paths, without links on the way.
  let roots: [String]

  /// - Throws: where one of them is no directory.
  init(_ directories: [String]) throws(WorkProblem) {
    var roots: [String] = []
    for path in directories {
      guard let real = Self.directory(path) else {
        throw WorkProblem(.invalid, "--in: '\(path.printable)' is no directory that can be found")
      }
      if !roots.contains(real) { roots.append(real) }
    }
    self.roots = roots
  }

  /// The directory that is meant, where it really lies; one that is not absolute is meant from the
  /// first root.
  func resolve(_ named: String?) throws(WorkProblem) -> String {
    guard let first = roots.first else { throw WorkProblem(.forbidden, "no directory is served") }
    guard let named else { return first }
    // Longer than any path, or one that ends sooner for the kernel than for us.
    guard !named.isEmpty, named.utf8.count < 4096, !named.utf8.contains(0) else {
      throw WorkProblem(.invalid, "directory is no path")
    }
    guard let real = Self.directory(named.hasPrefix("/") ? named : "\(first)/\(named)") else {
      throw refusal(named)
    }
    guard holds(real) else { throw refusal(named) }
    return real
  }

  /// Whether a real path is one of the roots or lies below one.
  func holds(_ real: String) -> Bool {
    let path = Array(real.utf8)
    return roots.contains { root in
      let root = root == "/" ? [] : Array(root.utf8)
      return path.starts(with: root)
        && (path.count == root.count || path[root.count] == UInt8(ascii: "/"))
    }
  }

  /// The same words whether it is outside or not there: what lies elsewhere is not told.
  private func refusal(_ named: String) -> WorkProblem {
    WorkProblem(
      .forbidden,
      "'\(named.brief(200))' is no directory below \(roots.map(\.printable).joined(separator: ", ")); "
        + "whoever started this server says by --in where work may be given"
    )
  }

  private static func directory(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    var status = stat()
    guard stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return String(validatingCString: resolved)
  }
}
