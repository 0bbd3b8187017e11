import Foundation
import Sandbox

/// Whom a run's programs trust: the caller's roots and the run's own, where each looks for them.
enum RunTrust {
  /// Where systems keep the bundle of roots.
  private static let bundles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
  ]

  /// The caller's own choice first, as OpenSSL has it: companies add their own roots so.
  static func roots() throws -> String {
    if let named = ProcessInfo.processInfo.environment["SSL_CERT_FILE"], !named.isEmpty {
      return named
    }
    guard let found = bundles.first(where: FileManager.default.isReadableFile(atPath:)) else {
      throw RunSession.Refusal.failed(
        "this machine has no bundle of root certificates; install ca-certificates, or name one in "
          + "SSL_CERT_FILE"
      )
    }
    return found
  }

  /// - Parameter bundle: all roots, in PEM.
  static func make(_ bundle: [UInt8], reads: [GrantedPath]) -> [NetworkGrant.File] {
    func visible(_ paths: [String]) -> [String] {
      let files = paths.compactMap { HostTree.find($0, isSystem: true) }.filter { place in
        !place.isDirectory && reads.contains { PathText.covers($0.real, place.real) }
      }
      return Set(files.map(\.real)).sorted()
    }
    let everywhere = NetworkGrant.File(
      path: NetworkGrant.trustFile,
      content: bundle,
      places: visible(bundles)
    )
    // No variable tells Java of it without a line on stderr at each start.
    let stores = visible(javaStores())
    guard !stores.isEmpty else { return [everywhere] }
    let java = NetworkGrant.File(
      path: "/etc/caisson/cacerts",
      content: JavaTrustStore.make(pem: bundle),
      places: stores
    )
    return [everywhere, java]
  }

  private static func javaStores() -> [String] {
    let environment = ProcessInfo.processInfo.environment
    var homes = HostTree.names(in: "/usr/lib/jvm").map { "/usr/lib/jvm/\($0)" }
    if let named = environment["JAVA_HOME"] { homes.append(named) }
    if let found = HostTree.program("java", path: environment["PATH"] ?? ""),
      let real = HostTree.find(found, isSystem: true)?.real
    {
      homes.append(String(real.dropLast("/bin/java".count)))
    }
    return ["/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts"]
      + homes.flatMap { ["\($0)/lib/security/cacerts", "\($0)/jre/lib/security/cacerts"] }
  }
}
