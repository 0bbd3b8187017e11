import Glibc
import Journal
import Sandbox

/// The journal as one run uses it: opened beside everything else, and left open to the end.
final class RunJournal {
  private let home: Home
  private let run: RunID
  private let opening: JournalOpening
  private var journal: Journal?

  /// Begins to open the journal.
  init(home: Home, run: RunID) {
    self.home = home
    self.run = run
    opening = JournalOpening(home: home)
  }

  /// Writes the run's first row; nothing runs before it is on the disk.
  func begin(_ events: [Event]) throws {
    let journal = try opening.journal()
    journal.keepOpen()
    self.journal = journal
    try append(events)
  }

  /// What is on record of the run already; nil where nothing is.
  func summary() throws -> RunSummary? { try opening.journal().run(run.text) }

  /// Adds rows, all or none. A run that never began is recorded now, with how it failed.
  func append(_ events: [Event]) throws {
    let open: Journal
    if let journal { open = journal } else { open = try opening.journal() }
    try open.append(events, run: run.text)
  }
}

/// Opens a journal on a thread of its own: SQLite takes as long to open as the rest of a run takes
/// to be prepared, and the machine has another processor.
private final class JournalOpening: @unchecked Sendable {
  private let home: Home
  private var result: Result<Journal, any Error>?
  private var thread: pthread_t?

  init(home: Home) {
    self.home = home
    var before = sigset_t()
    var all = sigset_t()
    sigfillset(&all)
    // Signals belong to the thread that waits for them.
    pthread_sigmask(SIG_BLOCK, &all, &before)
    var thread = pthread_t()
    let made = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        let opening = Unmanaged<JournalOpening>.fromOpaque(argument).takeRetainedValue()
        opening.result = Result { try Journal.open(directory: opening.home.state) }
        return nil
      },
      Unmanaged.passRetained(self).toOpaque()
    )
    pthread_sigmask(SIG_SETMASK, &before, nil)
    if made == 0 {
      self.thread = thread
    } else {
      Unmanaged.passUnretained(self).release()
    }
  }

  /// The open journal; waits for it.
  func journal() throws -> Journal {
    if let thread {
      pthread_join(thread, nil)
      self.thread = nil
    }
    // No thread could be made: in this one, then.
    if let result { return try result.get() }
    return try Journal.open(directory: home.state)
  }
}
