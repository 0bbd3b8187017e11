package import Policy

/// What a run gets of the network: its sockets, and whom its programs shall trust.
package struct NetworkGrant: Sendable {
  package let plan: NetworkPlan
  package let trust: [Trust]

  /// The roots that programs find inside, the machine's and the run's own, in one format.
  package struct Trust: Sendable {
    /// Where it lies inside.
    package let file: String
    package let content: [UInt8]
    /// Files of the system that it is put over, where programs look without being told.
    package let places: [String]

    package init(file: String, content: [UInt8], places: [String]) {
      self.file = file
      self.content = content
      self.places = places
    }
  }

  package init(plan: NetworkPlan, trust: [Trust]) {
    self.plan = plan
    self.trust = trust
  }

  /// Where the bundle lies inside.
  package static let trustFile = "/etc/caisson/ca-certificates.crt"

  /// Variables by which programs are told of the bundle.
  package static let trustVariables = [
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
    "CURL_CA_BUNDLE", "CARGO_HTTP_CAINFO", "PIP_CERT", "AWS_CA_BUNDLE", "DENO_CERT",
  ]
}
