internal import Glibc
package import ExecWire

/// Why a call of a session came to nothing.
package enum SessionError: Error, Equatable, CustomStringConvertible {
  /// It could not be opened: the reason, with what `caisson run` said last.
  case notOpened(String)
  /// It ended, by itself or by force, before the call was answered. Nothing is known of what the call
  /// did.
  case died(String)
  /// It was closed before the call was made.
  case closed
  /// The system refused it inside.
  case system(call: String, path: String, error: Int32)
  /// The file is not the one that was expected: somebody wrote it meanwhile.
  case changed(path: String)
  case notAFile(path: String, kind: FileStatusInside.Kind)
  /// More commands than a session runs at a time.
  case busy
  /// A path with a NUL, or more bytes than a message holds.
  case malformed(String)

  package var description: String {
    switch self {
    case .notOpened(let reason): "the session could not be opened: \(reason)"
    case .died(let reason): "the session ended: \(reason)"
    case .closed: "the session is closed; open it again"
    case .system(let call, let path, let error):
      "cannot \(call) \(path): \(String(cString: strerror(error)))"
    case .changed(let path): "\(path) was changed since it was read; read it again"
    case .notAFile(let path, let kind): "\(path) is no regular file, but a \(kind)"
    case .busy: "too many commands run at a time; wait until one has ended"
    case .malformed(let what): what
    }
  }
}
