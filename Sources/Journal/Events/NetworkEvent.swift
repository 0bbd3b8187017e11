/// What a run did on the network, or wanted to do: one name, connection or request.
package struct NetworkEvent: Codable, Sendable, Equatable {
  package enum Verdict: String, Codable, Sendable { case allowed, denied, failed }

  /// What a package manager downloaded.
  package struct Package: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
    package var file: String
    /// Of the file as the run got it, in hexadecimal; nil where it came in parts, or coded.
    package var sha256: String?
  }

  /// `connection`, `request`, `name`, `packet`, `git` or `package`.
  package var kind: String
  package var verdict: Verdict
  /// Joins the rows of one connection.
  package var flow: UInt64?
  package var host: String
  package var port: UInt16
  package var transport: String
  package var way: String?
  /// The address that was connected to.
  package var address: String?
  package var method: String?
  package var path: String?
  /// Names of the query's fields; their values are not recorded.
  package var query: [String]?
  package var status: Int?
  package var rule: String
  package var reason: String?
  package var remedy: String?
  /// The name of the secret that was added outside.
  package var credential: String?
  package var sent: UInt64?
  package var received: UInt64?
  package var seconds: Double?
  package var detail: String?
  /// In rows of kind `package`; older ones hold it as text, in `detail`.
  package var package: Package?
  package var count: Int
}
