package import Policy

/// What a run gets of the network: its sockets, and whom its programs shall trust.
package struct NetworkGrant: Sendable {
  package let plan: NetworkPlan
  /// The bundle of roots that programs find inside, in PEM: the machine's and the run's own.
  package let trust: [UInt8]
  /// Files of the system that the bundle is put over, where programs look without being told.
  package let trustPlaces: [String]

  package init(plan: NetworkPlan, trust: [UInt8], trustPlaces: [String]) {
    self.plan = plan
    self.trust = trust
    self.trustPlaces = trustPlaces
  }

  /// Where the bundle lies inside.
  package static let trustFile = "/etc/caisson/ca-certificates.crt"

  /// Variables by which programs are told of the bundle.
  package static let trustVariables = [
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
    "CURL_CA_BUNDLE", "CARGO_HTTP_CAINFO", "PIP_CERT", "AWS_CA_BUNDLE", "DENO_CERT",
  ]
}
