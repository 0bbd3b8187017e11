internal import SystemPackage

/// What the spool could not do, on which file or call, and what to do about it.
package enum SpoolError: Error, Equatable {
  /// The directory or a file in it cannot be used.
  case unavailable(path: String, reason: String)
  /// Another process has this directory.
  case held(path: String)
  /// The disk has no room left. Nothing was written.
  case diskFull(path: String)
  /// A newer Caisson wrote the segment.
  case newerFormat(path: String, found: Int, known: Int)
  /// A record that was whole is no longer.
  case damaged(path: String, offset: Int)
  /// The call was not begun, or has ended.
  case notBeingWritten(CallNumber)
  /// The call was begun, and has not ended.
  case beingWritten(CallNumber)
  /// More bytes at once than a record holds.
  case tooLong(CallNumber, bytes: Int)

  init(_ error: any Error, path: FilePath) {
    switch error {
    case let error as SpoolError: self = error
    case Errno.noSpace, Errno.diskQuotaExceeded, Errno.fileTooLarge:
      self = .diskFull(path: path.string)
    default: self = .unavailable(path: path.string, reason: "\(error)")
    }
  }
}

extension SpoolError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let path, let reason):
      "cannot use the spool \(path): \(reason); see that it is a directory of this user, or name "
        + "another state directory in CAISSON_HOME"
    case .held(let path):
      "the spool \(path) belongs to another gateway that is running; stop that one, or give this "
        + "one a state directory of its own in CAISSON_HOME; see which it is with: fuser \(path)/lock"
    case .diskFull(let path):
      "cannot write to the spool \(path): the disk is full; make room, and later calls go on"
    case .newerFormat(let path, let found, let known):
      "the segment \(path) was written by a newer Caisson (format \(found), this one knows "
        + "\(known)); update Caisson, or move the spool's directory aside"
    case .damaged(let path, let offset):
      "the segment \(path) is damaged at byte \(offset): the answer cannot be read; copy the "
        + "directory of the spool aside and look for errors of the disk"
    case .notBeingWritten(let call):
      "call \(call) is not being written to the spool: it was not begun, or has ended"
    case .beingWritten(let call):
      "call \(call) is being written to the spool already"
    case .tooLong(let call, let bytes):
      "call \(call) brought \(bytes) bytes at once; a record of the spool holds up to "
        + "\(RecordHead.longest): write it in several"
    }
  }
}
