import CPostgres
import Journal

/// Where a server is, and who asks it: a URL that libpq reads.
struct PostgresAddress: Sendable {
  let url: String
  /// Without the password.
  let name: String
  private let password: String?

  init(_ url: String) throws(WorkError) {
    guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://"),
      !url.utf8.contains(0)
    else {
      throw .invalid("a journal on PostgreSQL is named as postgres://USER@HOST:PORT/DATABASE")
    }
    // What libpq says of a URL that it cannot read may hold all of it, the password included.
    guard let options = PQconninfoParse(url, nil) else {
      throw .invalid(
        "the URL of the journal cannot be read; write it as postgres://USER@HOST:PORT/DATABASE, "
          + "with %XX for what is special in a name or password"
      )
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    self.url = url
    password = values["password"].flatMap { $0.isEmpty ? nil : $0 }
    let user = values["user"].map { "\($0)@" } ?? ""
    let port = values["port"].map { ":\($0)" } ?? ""
    let place = values["host"] ?? values["hostaddr"] ?? "localhost"
    name = "postgres://\(user)\(place)\(port)/\(values["dbname"] ?? "")"
  }

  /// What libpq or the server said, in one line, without the password.
  func redacted(_ text: String) -> String {
    var text = text.split(separator: "\n").joined(separator: " ")
    if let password { text = text.replacing(password, with: "***") }
    return text
  }
}
