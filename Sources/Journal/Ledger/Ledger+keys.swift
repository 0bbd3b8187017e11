import Foundation
import GRDB

extension Ledger {
  /// Makes a key, and its account where one is given; the key itself is told once, here.
  package func addKey(
    _ terms: VirtualKey.Terms,
    account: Account? = nil,
    secret: KeySecret = KeySecret()
  ) throws(LedgerError) -> KeySecret {
    guard !terms.name.isEmpty, terms.name.utf8.count <= 256,
      !terms.name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
    else { throw .invalid("the name of a key is empty, too long or holds control characters") }
    for limit in [terms.requestsPerMinute, terms.tokensPerMinute] {
      if let limit, limit < 1 { throw .invalid("a limit a minute is less than one") }
    }
    try wait { batch in
      let isTaken = try Bool.fetchOne(
        batch.database,
        sql: "SELECT EXISTS (SELECT 1 FROM virtual_key WHERE name = ? AND revoked IS NULL)",
        arguments: [terms.name]
      )
      guard isTaken == false else { throw LedgerError.nameTaken(terms.name) }
      if let name = terms.account, account?.id != name, try batch.findAccount(name) == nil {
        throw LedgerError.unknownAccount(name)
      }
      if let account { try batch.put([account]) }
      let models = try terms.models.map {
        String(decoding: try JSONEncoder().encode($0), as: UTF8.self)
      }
      try batch.database.execute(
        sql: """
          INSERT INTO virtual_key (prefix, hash, name, account, models, requests_per_minute,
            tokens_per_minute, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          secret.prefix, Data(secret.hash), terms.name, terms.account, models,
          terms.requestsPerMinute, terms.tokensPerMinute, batch.now,
        ]
      )
    }
    return secret
  }

  /// Refuses a key from now on, wherever it is asked for.
  package func revokeKey(named name: String) throws(LedgerError) {
    try wait { batch in
      try batch.database.execute(
        sql: "UPDATE virtual_key SET revoked = ? WHERE name = ? AND revoked IS NULL",
        arguments: [batch.now, name]
      )
      guard batch.database.changesCount == 1 else { throw LedgerError.unknownKey(name) }
    }
  }

  /// The key that a client showed; nil where there is none, or it was revoked.
  package func key(_ secret: KeySecret) throws(LedgerError) -> VirtualKey? {
    try keys(where: "hash = ? AND revoked IS NULL", [Data(secret.hash)]).first
  }

  /// All keys by name, revoked ones only where they are asked for.
  package func keys(includingRevoked: Bool = false) throws(LedgerError) -> [VirtualKey] {
    try keys(where: includingRevoked ? "1" : "revoked IS NULL", [])
  }

  private func keys(
    where condition: String,
    _ arguments: StatementArguments
  ) throws(LedgerError) -> [VirtualKey] {
    try read { database in
      let found = try GRDB.Row.fetchAll(
        database,
        sql: """
          SELECT prefix, name, account, models, requests_per_minute, tokens_per_minute, created,
            revoked FROM virtual_key WHERE \(condition) ORDER BY name, created
          """,
        arguments: arguments
      )
      return try found.map { row in
        // A list that cannot be read allows nothing.
        let models = (row[3] as String?).map {
          (try? JSONDecoder().decode([String].self, from: Data($0.utf8))) ?? []
        }
        guard let prefix = row[0] as String?, let name = row[1] as String?,
          let created = row[6] as Int64?
        else { throw LedgerError.invalid("a key's row is no key") }
        return VirtualKey(
          prefix: prefix,
          name: name,
          account: row[2],
          models: models,
          requestsPerMinute: row[4],
          tokensPerMinute: row[5],
          created: created,
          revoked: row[7]
        )
      }
    }
  }
}
