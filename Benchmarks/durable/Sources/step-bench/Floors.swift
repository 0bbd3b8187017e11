import CPostgres
import Foundation
import GRDB
import SystemPackage

/// A durable commit of one small row, by SQLite itself.
struct SQLiteFloor {
  private let queue: DatabaseQueue
  private let text = String(repeating: "x", count: 300)

  init(directory: FilePath) throws {
    queue = try DatabaseQueue(path: directory.appending("floor.sqlite").string)
    try queue.inDatabase {
      try $0.execute(sql: "PRAGMA journal_mode = WAL")
      try $0.execute(sql: "PRAGMA synchronous = FULL")
      try $0.execute(sql: "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")
    }
  }

  func commit() throws {
    try queue.inDatabase {
      try $0.cachedStatement(sql: "INSERT INTO t (text) VALUES (?)").execute(arguments: [text])
    }
  }
}

/// The same by libpq, on one connection.
final class PostgresFloor {
  private let connection: OpaquePointer?

  init(url: String) throws {
    connection = PQconnectdb(url)
    guard PQstatus(connection) == CONNECTION_OK else { throw StepBench.Usage() }
    PQclear(
      PQexec(
        connection,
        "CREATE TABLE IF NOT EXISTS public.floor (id bigserial PRIMARY KEY, t text)"
      )
    )
    let text = String(repeating: "x", count: 300)
    PQclear(PQprepare(connection, "f", "INSERT INTO public.floor (t) VALUES ('\(text)')", 0, nil))
  }

  deinit { PQfinish(connection) }

  func commit() throws {
    let result = PQexecPrepared(connection, "f", 0, nil, nil, nil, 0)
    defer { PQclear(result) }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw StepBench.Usage() }
  }
}
