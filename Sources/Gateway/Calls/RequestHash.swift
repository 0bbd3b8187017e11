import Crypto
import Dialects

/// What tells one request from another: its dialect and every byte of its body.
enum RequestHash {
  static func of(_ body: [UInt8], dialect: Dialect) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Array(dialect.rawValue.utf8) + [0])
    hash.update(data: body)
    return Array(hash.finalize())
  }
}
