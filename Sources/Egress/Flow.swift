package import NIOCore
package import Policy

/// One connection of the run, as every way in describes it: transparent, CONNECT and absolute-form
/// requests yield the same value to the same handler, so that they cannot disagree.
package struct Flow: Hashable, Sendable {
  package enum Way: String, Hashable, Sendable { case direct, connect, absolute }

  /// The name that the run asked for, in lower case; an address where it asked for none.
  package let host: String
  package let port: UInt16
  package let way: Way
  /// Unique within the run; joins the rows of one connection.
  package let id: UInt64

  package init(host: String, port: UInt16, way: Way, id: UInt64) {
    self.host = host
    self.port = port
    self.way = way
    self.id = id
  }
}

/// Opens connections to the world: resolves, checks every resolved address, and connects to that
/// very address.
package protocol Dialer: Sendable {
  /// - Parameters:
  ///   - rule: the grant that the flow was let through by; its `networks` and `addresses` widen
  ///     what may be connected to.
  ///   - eventLoop: the loop that the channel shall live on.
  ///   - prepare: sets up the channel's handlers before the first byte.
  /// - Returns: a connected channel with `autoRead` as `prepare` left it; fails with ``Refusal``.
  func dial(
    _ flow: Flow,
    rule: HostRule,
    on eventLoop: any EventLoop,
    prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel>
}

/// Why a connection or a request does not happen, as the run and the audit are told.
package struct Refusal: Error, Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// The policy says no.
    case denied
    /// The world says no: no such name, no answer, a certificate that nobody vouches for.
    case unreachable
    /// The bytes are not what they should be, or could be read in two ways.
    case malformed
    /// A bound was reached.
    case limit
  }

  package let kind: Kind
  /// The rule that refused, as the policy's reference names it.
  package let rule: String
  /// What was wrong, in words for a person.
  package let reason: String
  /// The smallest change to the policy that would allow it, where one would.
  package let remedy: String?

  package init(_ kind: Kind, rule: String, reason: String, remedy: String? = nil) {
    self.kind = kind
    self.rule = rule
    self.reason = reason
    self.remedy = remedy
  }
}

/// A file that a package manager downloaded.
package struct PackageFile: Codable, Hashable, Sendable {
  package let name: String
  package let version: String
  package let file: String
  /// Of the file as the run got it, in hexadecimal; nil where it came in parts, or coded.
  package internal(set) var sha256: String?
}

/// One row for the audit: a connection, a request, a name, or a packet to nowhere.
package struct Observation: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, Sendable {
    case connection, request, name, packet, git, package
  }
  package enum Verdict: String, Codable, Sendable { case allowed, denied, failed }

  /// The process at the run's end of a connection.
  package struct Program: Codable, Hashable, Sendable {
    /// As the run sees it.
    package var path: String
    /// Of the file that it ran, in hexadecimal; nil where it was too large or could not be read.
    package var sha256: String?
    /// As the run numbers it.
    package var pid: Int32
    package var outsidePID: Int32
  }

  package var kind: Kind
  package var verdict: Verdict
  package var flow: UInt64 = 0
  package var host: String
  package var port: UInt16
  /// `tcp`, `tls` (passed through), `https` (inspected), `http`, `udp`, `dns`.
  package var transport: String
  package var way: String?
  /// The address that was connected to.
  package var address: String?
  package var method: String?
  /// Canonical, without the query.
  package var path: String?
  /// Names of the query's fields; values are never recorded.
  package var query: [String]?
  package var status: Int?
  package var rule: String
  package var reason: String?
  package var remedy: String?
  /// The name of the secret that was added.
  package var credential: String?
  package var sent: UInt64 = 0
  package var received: UInt64 = 0
  package var seconds: Double = 0
  /// What was pushed or fetched: for people.
  package var detail: String?
  package var package: PackageFile?
  package var count: Int = 1
  package var program: Program?
  /// Why there is no program where one was asked for.
  package var unknownProgram: String?

  package init(
    _ kind: Kind,
    _ verdict: Verdict,
    host: String,
    port: UInt16,
    transport: String,
    rule: String
  ) {
    self.kind = kind
    self.verdict = verdict
    self.host = host
    self.port = port
    self.transport = transport
    self.rule = rule
  }
}

/// Where observations go. Never blocks; what cannot be kept is counted and said.
package protocol AuditSink: Sendable {
  func note(_ observation: Observation)
}
