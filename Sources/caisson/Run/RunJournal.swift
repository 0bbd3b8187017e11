import Journal
import Sandbox

/// The journal as one run uses it: opened late, and left open to the end.
final class RunJournal {
  private let home: Home
  private let run: RunID
  private var journal: Journal?

  init(home: Home, run: RunID) {
    self.home = home
    self.run = run
  }

  /// Opens the journal and writes the run's first row; nothing runs before it is on the disk.
  func begin(_ event: Event) throws {
    let journal = try Journal.open(directory: home.state)
    journal.keepOpen()
    self.journal = journal
    try append([event])
  }

  /// Adds rows, all or none. A run that never began is recorded now, with how it failed.
  func append(_ events: [Event]) throws {
    let open: Journal
    if let journal { open = journal } else { open = try Journal.open(directory: home.state) }
    try open.append(events, run: run.text)
  }
}
