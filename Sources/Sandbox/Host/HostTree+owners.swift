internal import CLinux
internal import Glibc

extension HostTree {
  /// What lies below a directory and belongs to another user or group than the directory.
  package struct ForeignEntries: Sendable, Equatable {
    package var count = 0
    /// One of them, as a path below the directory.
    package var example: String?
    /// Whether all was looked at.
    package var isComplete = true
  }

  /// Looks at no more than `most` entries below a directory, on its own file system.
  package static func foreignEntries(below path: String, most: Int) -> ForeignEntries {
    var found = ForeignEntries()
    var top = cl_status()
    guard cl_stat(Int32(CL_AT_FDCWD), path, 0, &top) == 0 else { return found }
    var pending = [""]
    var looked = 0
    while let directory = pending.popLast() {
      let place = directory.isEmpty ? path : "\(path)/\(directory)"
      for name in names(in: place) {
        looked += 1
        guard looked <= most else {
          found.isComplete = false
          return found
        }
        var status = cl_status()
        let link = Int32(CL_AT_SYMLINK_NOFOLLOW)
        guard cl_stat(Int32(CL_AT_FDCWD), "\(place)/\(name)", link, &status) == 0,
          status.device == top.device
        else { continue }
        let below = directory.isEmpty ? name : "\(directory)/\(name)"
        if status.uid != top.uid || status.gid != top.gid {
          found.count += 1
          found.example = found.example ?? below
        }
        if status.mode & S_IFMT == S_IFDIR { pending.append(below) }
      }
    }
    return found
  }
}
