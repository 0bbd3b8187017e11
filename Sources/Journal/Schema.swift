import GRDB

/// The tables, and the number of their format.
enum Schema {
  static let version = 1

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
    PRAGMA application_id = \(applicationID);
    PRAGMA user_version = \(version);
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
