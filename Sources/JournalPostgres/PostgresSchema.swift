import Journal

/// The tables, in a schema of their own called `caisson`, and the number of their format.
enum PostgresSchema {
  static let version: Int64 = 1

  /// Makes what is missing, one store at a time.
  static func prepare(
    _ connection: PostgresConnection,
    on name: String
  ) throws {
    if try found(connection, on: name) == version { return }
    try connection.execute("BEGIN")
    do {
      // "Cais": whoever else opens the journal for the first time waits here.
      _ = try connection.run(PostgresQuery("SELECT pg_advisory_xact_lock(\(0x4361_6973))"))
      switch try found(connection, on: name) {
      case version: break
      case nil:
        try connection.execute(definition)
      case let earlier?:
        // There is no earlier format than the first.
        throw WorkError.unavailable("the journal \(name) has an unknown format \(earlier)")
      }
      try connection.execute("COMMIT")
    } catch {
      try? connection.rollback()
      throw error
    }
  }

  /// The format's number; nil where there is no journal yet.
  private static func found(
    _ connection: PostgresConnection,
    on name: String
  ) throws -> Int64? {
    // Rows, not to_regclass(): that may remember how it was before the lock was waited for.
    let look = try connection.run(
      PostgresQuery(
        """
        SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'caisson'), EXISTS (
          SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
          WHERE nspname = 'caisson' AND relname = 'format'
        )
        """
      )
    ).first
    guard look?.flag(0) == true else { return nil }
    guard look?.flag(1) == true else {
      throw WorkError.unavailable(
        "the schema 'caisson' of \(name) belongs to another program; name another database"
      )
    }
    let format = try connection.run(PostgresQuery("SELECT max(version) FROM caisson.format"))
    guard let number = format.first?.int(0) else {
      throw WorkError.unavailable("the journal \(name) does not tell its format")
    }
    guard number <= version else {
      throw WorkError.unavailable(
        "the journal \(name) was written by a newer Caisson (format \(number), this one knows "
          + "\(version)); update Caisson, or name another database"
      )
    }
    return number
  }

  /// As the tables of SQLite, but for `head`, which is a file there, and `writer`.
  ///
  /// What changes with every step leaves room in its page, so that a change need not touch indexes.
  /// `writer` has a row for each store that is open, with the number of its newest transaction: by
  /// that, a store whose connection broke during a commit finds out what became of it.
  private static let definition = """
    CREATE SCHEMA caisson;
    CREATE TABLE caisson.format (version int8 PRIMARY KEY, made timestamptz NOT NULL DEFAULT now());
    INSERT INTO caisson.format (version) VALUES (\(version));
    CREATE TABLE caisson.entry (
      sequence int8 PRIMARY KEY,
      time int8 NOT NULL,
      run text COLLATE "C",
      kind text NOT NULL,
      payload text NOT NULL,
      previous bytea NOT NULL,
      hash bytea NOT NULL
    );
    CREATE INDEX entry_by_run ON caisson.entry (run, sequence) WHERE run IS NOT NULL;
    CREATE TABLE caisson.head (
      id int8 PRIMARY KEY CHECK (id = 1),
      sequence int8 NOT NULL,
      hash bytea NOT NULL
    ) WITH (fillfactor = 10);
    INSERT INTO caisson.head VALUES (1, 0, '\\x\(String(repeating: "00", count: 32))');
    CREATE TABLE caisson.writer (
      id text PRIMARY KEY,
      serial int8 NOT NULL,
      opened timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 10);
    CREATE TABLE caisson.assignment (
      id text COLLATE "C" PRIMARY KEY,
      parent text COLLATE "C",
      dedupe text COLLATE "C" UNIQUE,
      text text NOT NULL,
      settings text NOT NULL,
      state text NOT NULL,
      waiting text,
      reason text,
      created int8 NOT NULL,
      changed int8 NOT NULL,
      steps int8 NOT NULL,
      recoveries int8 NOT NULL,
      epoch int8 NOT NULL,
      holder text,
      lease_until int8 NOT NULL,
      wake int8,
      stopping bool NOT NULL
    ) WITH (fillfactor = 50);
    CREATE INDEX assignment_to_do ON caisson.assignment (state, created)
      WHERE state IN ('queued', 'running', 'waiting');
    CREATE INDEX assignment_by_creation ON caisson.assignment (created);
    CREATE INDEX assignment_by_parent ON caisson.assignment (parent) WHERE parent IS NOT NULL;
    CREATE TABLE caisson.step (
      assignment text COLLATE "C",
      sequence int8,
      status text,
      attempts int8 NOT NULL,
      epoch int8 NOT NULL,
      intent int8 NOT NULL,
      outcome int8,
      PRIMARY KEY (assignment, sequence)
    ) WITH (fillfactor = 70);
    CREATE TABLE caisson.approval (
      id text COLLATE "C" PRIMARY KEY,
      assignment text COLLATE "C" NOT NULL,
      hash text NOT NULL,
      action text NOT NULL,
      scope text NOT NULL,
      state text NOT NULL,
      created int8 NOT NULL,
      expires int8,
      answered_by text,
      answered_at int8,
      comment text,
      given text
    );
    CREATE INDEX approval_pending ON caisson.approval (created) WHERE state = 'pending';
    CREATE INDEX approval_by_assignment ON caisson.approval (assignment);
    CREATE INDEX approval_standing ON caisson.approval (hash) WHERE given IN ('session', 'always');
    CREATE TABLE caisson.notice (
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      assignment text,
      kind text NOT NULL,
      body text NOT NULL,
      dedupe text COLLATE "C" NOT NULL UNIQUE,
      created int8 NOT NULL,
      due int8,
      attempts int8 NOT NULL,
      receipt text
    );
    CREATE INDEX notice_due ON caisson.notice (due) WHERE due IS NOT NULL;
    CREATE TABLE caisson.schedule (
      id text COLLATE "C" PRIMARY KEY,
      text text NOT NULL,
      settings text NOT NULL,
      every int8,
      due int8
    );
    """
}
