import Glibc

/// Why there is no sidecar. A model can be used without one, only slower.
package enum SidecarError: Error, Equatable, CustomStringConvertible {
  /// The folder can be written by others, or is none.
  case folder(String, reason: String)
  /// So many bytes are needed and cannot be had.
  case full(path: String, bytes: Int)
  case system(call: String, path: String, code: Int32)
  /// `progress` said so.
  case cancelled
  /// It was built and is not there, or not whole: somebody else writes to the folder.
  case lost(String)

  package var description: String {
    switch self {
    case .folder(let path, let reason):
      "weights cannot be kept in \(Printable.text(path)): \(reason)"
    case .full(let path, let bytes):
      "\((bytes + 999_999) / 1_000_000) MB for repacked weights do not fit in \(Printable.text(path));"
        + " free as much, or name another cache folder"
    case .system(let call, let path, let code):
      "cannot \(call) \(Printable.text(path)): \(String(cString: strerror(code)))"
    case .cancelled: "the repacking of weights was ended before it was done"
    case .lost(let path):
      "\(Printable.text(path)) was altered while it was built; give the cache to one user alone"
    }
  }
}
