import Sandbox

/// Where an assignment works. What was judged when it was given is what is worked on: a directory that
/// leads elsewhere since, by a link in its place or on the way, is not.
enum WorkPlace {
  /// Whether a path names a directory without links on the way.
  static func isReal(_ path: String) -> Bool {
    HostTree.find(path, isSystem: false).map { $0.isDirectory && $0.real == path } ?? false
  }

  static func real(_ path: String) -> String? { HostTree.find(path, isSystem: false)?.real }

  static func changed(_ path: String) -> String {
    let found = HostTree.find(path, isSystem: false)
    guard let found, found.isDirectory else { return "\(path) is no directory any more" }
    return
      "\(path) leads to \(found.real) now, which is not where the work was given; put it back, "
      + "and resume"
  }
}
