import GRDB

/// The tables, and the number of their format.
enum Schema {
  static let version = 3

  /// "Cais": tells a journal from another program's database.
  static let applicationID = 0x4361_6973

  /// `entry` is the journal. `run` says where in it a run's start, end and fate are found: it
  /// saves `caisson runs` from reading everything, and nothing is believed because it stands there.
  static let definition = """
    CREATE TABLE entry (
      sequence INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,
      run TEXT,
      kind TEXT NOT NULL,
      payload TEXT NOT NULL,
      previous BLOB NOT NULL,
      hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX entry_by_run ON entry (run, sequence) WHERE run IS NOT NULL;
    CREATE TABLE run (
      id TEXT NOT NULL PRIMARY KEY,
      started INTEGER NOT NULL,
      ended INTEGER,
      fate INTEGER,
      denials INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX run_by_start ON run (started);
    \(ledger)
    \(work)
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);
    """

  /// What makes this version of an earlier one: the first had no ledger, the second no assignments.
  static func upgrade(from found: Int) -> String {
    """
    \(found < 2 ? ledger : "")
    \(work)
    PRAGMA user_version = \(version);
    """
  }

  /// The ledger of model calls, in pico-dollars and microseconds since 1970.
  ///
  /// `call` is what happened; `spending` is derived from it, so that a reservation need not add up
  /// everything. `slots` names the accounts that a call draws on, each with its period's start.
  private static let ledger = """
    CREATE TABLE account (
      id TEXT NOT NULL PRIMARY KEY,
      parent TEXT,
      "limit" INTEGER,
      period TEXT NOT NULL,
      created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE virtual_key (
      prefix TEXT NOT NULL PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE,
      name TEXT NOT NULL,
      account TEXT,
      models TEXT,
      requests_per_minute INTEGER,
      tokens_per_minute INTEGER,
      created INTEGER NOT NULL,
      revoked INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX virtual_key_by_name ON virtual_key (name) WHERE revoked IS NULL;
    CREATE TABLE spending (
      account TEXT NOT NULL,
      start INTEGER NOT NULL,
      reserved INTEGER NOT NULL,
      spent INTEGER NOT NULL,
      PRIMARY KEY (account, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE epoch (
      id INTEGER PRIMARY KEY,
      pid INTEGER NOT NULL,
      pid_start INTEGER NOT NULL,
      boot TEXT,
      pid_namespace TEXT,
      started INTEGER NOT NULL,
      ended INTEGER
    ) STRICT;
    CREATE TABLE call (
      id INTEGER PRIMARY KEY,
      first INTEGER,
      attempt INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      state TEXT NOT NULL,
      key TEXT,
      account TEXT,
      run TEXT,
      model TEXT NOT NULL,
      provider TEXT NOT NULL,
      dialect TEXT NOT NULL,
      idempotency TEXT,
      request BLOB,
      slots TEXT NOT NULL,
      ceiling INTEGER NOT NULL,
      charged INTEGER NOT NULL DEFAULT 0,
      beyond INTEGER NOT NULL DEFAULT 0,
      basis TEXT,
      used TEXT,
      outcome TEXT,
      started INTEGER NOT NULL,
      ended INTEGER
    ) STRICT;
    CREATE INDEX call_under_way ON call (epoch) WHERE state = 'reserved';
    CREATE INDEX call_unknown ON call (id) WHERE state = 'unknown';
    CREATE INDEX call_by_idempotency ON call (idempotency, key) WHERE idempotency IS NOT NULL;
    CREATE UNIQUE INDEX call_by_first ON call (first, attempt) WHERE first IS NOT NULL;
    """

  /// Assignments: what is decided by, while what happened stands in `entry`.
  ///
  /// A step's texts are those of its rows there. The condition of `assignment_to_do` is no `IN`: SQLite
  /// would not see that `state = 'running'` fulfils it, and would build a list for each change.
  private static let work = """
    CREATE TABLE assignment (
      id TEXT NOT NULL PRIMARY KEY,
      parent TEXT,
      dedupe TEXT UNIQUE,
      text TEXT NOT NULL,
      settings TEXT NOT NULL,
      state TEXT NOT NULL,
      waiting TEXT,
      reason TEXT,
      created INTEGER NOT NULL,
      changed INTEGER NOT NULL,
      steps INTEGER NOT NULL,
      recoveries INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      holder TEXT,
      lease_until INTEGER NOT NULL,
      wake INTEGER,
      stopping INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX assignment_to_do ON assignment (state, created)
      WHERE state = 'queued' OR state = 'running' OR state = 'waiting';
    CREATE INDEX assignment_by_creation ON assignment (created);
    CREATE INDEX assignment_by_parent ON assignment (parent) WHERE parent IS NOT NULL;
    CREATE TABLE step (
      assignment TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      status TEXT,
      attempts INTEGER NOT NULL,
      epoch INTEGER NOT NULL,
      intent INTEGER NOT NULL,
      outcome INTEGER,
      PRIMARY KEY (assignment, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE approval (
      id TEXT NOT NULL PRIMARY KEY,
      assignment TEXT NOT NULL,
      hash TEXT NOT NULL,
      action TEXT NOT NULL,
      scope TEXT NOT NULL,
      state TEXT NOT NULL,
      created INTEGER NOT NULL,
      expires INTEGER,
      answered_by TEXT,
      answered_at INTEGER,
      comment TEXT,
      given TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX approval_pending ON approval (created) WHERE state = 'pending';
    CREATE INDEX approval_by_assignment ON approval (assignment);
    CREATE INDEX approval_standing ON approval (hash) WHERE given IN ('session', 'always');
    CREATE TABLE notice (
      id INTEGER PRIMARY KEY,
      assignment TEXT,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      dedupe TEXT NOT NULL UNIQUE,
      created INTEGER NOT NULL,
      due INTEGER,
      attempts INTEGER NOT NULL,
      receipt TEXT
    ) STRICT;
    CREATE INDEX notice_due ON notice (due) WHERE due IS NOT NULL;
    CREATE TABLE schedule (
      id TEXT NOT NULL PRIMARY KEY,
      text TEXT NOT NULL,
      settings TEXT NOT NULL,
      every INTEGER,
      due INTEGER
    ) STRICT, WITHOUT ROWID;
    """

  /// The format of an open database; 0 for an empty one.
  static func version(of database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
  }

  static func isForeign(_ database: Database) throws -> Bool {
    try Int.fetchOne(database, sql: "PRAGMA application_id") != 0
      || Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") != 0
  }
}
