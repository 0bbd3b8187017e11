import GRDB

/// The tables, and the number of their format.
enum Schema {
  static let version = 2

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
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);
    """

  /// What makes version 2 of version 1, which had no ledger.
  static let fromVersion1 = """
    \(ledger)
    PRAGMA user_version = \(version);
    """

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

  /// The format of an open database; 0 for an empty one.
  static func version(of database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
  }

  static func isForeign(_ database: Database) throws -> Bool {
    try Int.fetchOne(database, sql: "PRAGMA application_id") != 0
      || Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") != 0
  }
}
