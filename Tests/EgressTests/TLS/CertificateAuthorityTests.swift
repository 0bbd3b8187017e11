import Foundation
import Subprocess
import SwiftASN1
import Testing
import X509

@testable import Egress

@Suite struct CertificateAuthorityTests {
  @Test(arguments: ["api.example.com", "xn--bcher-kva.example", "203.0.113.7"])
  func `vouches for a name as a strict reader wants it`(name: String) async throws {
    let authority = try CertificateAuthority(run: "r1")
    let folder = FileManager.default.temporaryDirectory.appending(path: "caisson-ca-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let root = folder.appending(path: "ca.pem").path
    let leaf = folder.appending(path: "leaf.pem").path
    try authority.certificatePEM.write(toFile: root, atomically: true, encoding: .utf8)
    let certificate = try Certificate(derEncoded: try authority.leaf(for: name))
    try certificate.serializeAsPEM().pemString.write(
      toFile: leaf,
      atomically: true,
      encoding: .utf8
    )
    let option = name.first?.isNumber == true ? "-verify_ip" : "-verify_hostname"
    let result = try await Subprocess.run(
      .name("openssl"),
      arguments: [
        "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, option, name, leaf,
      ],
      output: .string(limit: 4096),
      error: .string(limit: 4096)
    )
    #expect(result.terminationStatus.isSuccess, "\(result.standardOutput + result.standardError)")
    #expect(certificate.notValidBefore < Date().addingTimeInterval(-3000))
  }

  @Test func `does not vouch for the run's own loopback`() async throws {
    let authority = try CertificateAuthority(run: "r1")
    let root = try Certificate(pemEncoded: authority.certificatePEM)
    let constraints = try #require(try root.extensions.nameConstraints)
    #expect(Array(constraints.excludedDNSDomains) == ["localhost"])
    #expect(constraints.excludedIPRanges.count == 2)
    #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
    #expect(!authority.certificatePEM.contains("PRIVATE"))
  }

  @Test func `keeps what it made for a name, and not for more than it has room for`() throws {
    let authority = try CertificateAuthority(run: "r1")
    let first = try authority.context(for: "a0.test")
    #expect(try authority.context(for: "a0.test") === first)
    for number in 1...CertificateAuthority.cachedNames {
      _ = try authority.context(for: "a\(number).test")
    }
    #expect(try authority.context(for: "a0.test") !== first)
  }
}
