import NIOSSL

/// Whom to believe outside: the roots of the machine, every chain and every name checked.
package struct UpstreamTrust: Sendable {
  /// Offers HTTP/2 and HTTP/1.1.
  let any: NIOSSLContext
  /// Offers HTTP/1.1 alone, for what HTTP/2 cannot carry.
  let http1: NIOSSLContext

  /// - Parameter bundle: the path of a file of PEM certificates; nil for the system's own.
  package init(bundle: String?) throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.certificateVerification = .fullVerification
    configuration.trustRoots = bundle.map { .file($0) } ?? .default
    configuration.applicationProtocols = ["h2", "http/1.1"]
    any = try NIOSSLContext(configuration: configuration)
    configuration.applicationProtocols = ["http/1.1"]
    http1 = try NIOSSLContext(configuration: configuration)
  }
}
