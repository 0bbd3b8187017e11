/// What the journal could not do, on which file, and what to do about it.
package enum JournalError: Error, Equatable {
  /// The file or its directory cannot be opened or created.
  case unavailable(path: String, reason: String)
  /// The file or its directory may not be written.
  case readOnly(path: String)
  /// The disk has no room left. Nothing was written.
  case diskFull(path: String)
  /// Another process held the journal for longer than the timeout.
  case busy(path: String)
  /// The file is no journal, or no longer one.
  case damaged(path: String, reason: String)
  /// A newer Caisson wrote the file.
  case newerSchema(path: String, found: Int, known: Int)
  /// The rows do not reach what `journal.head` remembers; appending would cover that up.
  case chainBroken(path: String, reason: String)
  /// The database failed in a way that has no name here.
  case failed(path: String, reason: String)
  /// An event could not be written as JSON.
  case unencodable(kind: String, reason: String)
  /// No run has this name.
  case unknownRun(String)
  /// Several runs begin with this text.
  case ambiguousRun(String, candidates: [String])
}

extension JournalError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let path, let reason):
      "cannot open the journal \(path): \(reason)"
    case .readOnly(let path):
      "cannot use the journal \(path): the file or its directory is read-only for this user; "
        + "make it writable, copy it elsewhere to read it, or name another state directory in "
        + "CAISSON_HOME"
    case .diskFull(let path):
      "cannot write the journal \(path): the disk is full, nothing was recorded; make room, or "
        + "name a state directory on another disk in CAISSON_HOME"
    case .busy(let path):
      "cannot write the journal \(path): another process holds it; try again, and if it stays so, "
        + "look for the holder with: fuser \(path)"
    case .damaged(let path, let reason):
      "the journal \(path) is damaged: \(reason); copy its directory aside, then recover what is "
        + "readable with: sqlite3 \(path) .recover"
    case .newerSchema(let path, let found, let known):
      "the journal \(path) was written by a newer Caisson (format \(found), this one knows "
        + "\(known)); update Caisson, or name another state directory in CAISSON_HOME"
    case .chainBroken(let path, let reason):
      "the journal \(path) does not match its head: \(reason); see what is wrong with: caisson "
        + "audit --verify; to begin a new journal, move the old one's files (journal.sqlite* and "
        + "journal.head) aside together"
    case .failed(let path, let reason):
      "the journal \(path) failed: \(reason)"
    case .unencodable(let kind, let reason):
      "cannot record the event \(kind): \(reason)"
    case .unknownRun("last"):
      "there are no runs yet; start one with: caisson run -- CMD"
    case .unknownRun(let text):
      "no run is called \(text); list them with: caisson runs"
    case .ambiguousRun(let text, let candidates):
      "\(text) may be any of \(candidates.joined(separator: ", ")); give more of it"
    }
  }
}
