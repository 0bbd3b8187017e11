package import Policy

/// What a run gets of the network: its sockets, and files that tell its programs whom to trust and
/// where to look.
package struct NetworkGrant: Sendable {
  package let plan: NetworkPlan
  package let files: [File]

  /// A file that is made for the run: the roots of trust in one format, or a client's configuration.
  package struct File: Sendable {
    /// Where it lies inside.
    package let path: String
    package let content: [UInt8]
    /// Files of the system that it is put over, where programs look without being told.
    package let places: [String]

    package init(path: String, content: [UInt8], places: [String] = []) {
      self.path = path
      self.content = content
      self.places = places
    }
  }

  package init(plan: NetworkPlan, files: [File]) {
    self.plan = plan
    self.files = files
  }

  /// Where the bundle lies inside.
  package static let trustFile = "/etc/caisson/ca-certificates.crt"

  /// Variables by which programs are told of the bundle.
  package static let trustVariables = [
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
    "CURL_CA_BUNDLE", "CARGO_HTTP_CAINFO", "PIP_CERT", "AWS_CA_BUNDLE", "DENO_CERT",
  ]
}
