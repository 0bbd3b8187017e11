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
  /// Whose the connection was, where that was asked for.
  package var program: NetworkProgram?
  /// Why there is no program where one was asked for.
  package var unknownProgram: String?
}

/// The process at a run's end of a connection.
package struct NetworkProgram: Codable, Sendable, Equatable {
  /// As the run sees it.
  package var path: String
  /// Of the file that it ran, in hexadecimal.
  package var sha256: String?
  /// As the run numbers it.
  package var pid: Int32
  package var outsidePID: Int32
}
