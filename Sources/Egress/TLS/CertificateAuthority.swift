import Crypto
package import Foundation
import NIOConcurrencyHelpers
import NIOCore
package import NIOSSL
import SwiftASN1
import X509

/// Vouches for names inside one run, and nowhere else.
///
/// Made outside at the start of a run; only ``certificatePEM`` enters. The keys exist in this
/// process alone and end with it.
package final class CertificateAuthority: Sendable {
  /// What the run's trust stores are told to believe.
  package let certificatePEM: String

  private let key: Certificate.PrivateKey
  private let issuer: DistinguishedName
  private let issuerIdentifier: SubjectKeyIdentifier
  private let validity: ClosedRange<Date>
  /// One key for all leaves: making one costs more than signing a leaf, and they share their fate.
  private let leafKey: P256.Signing.PrivateKey
  private let leafKeySource: NIOSSLPrivateKeySource
  private let contexts = NIOLockedValueBox(Contexts())

  /// Leaves are kept ready for this many names; a run that asks for more waits for new ones.
  package static let cachedNames = 256

  private struct Contexts {
    var byName: [String: NIOSSLContext] = [:]
    var order: [String] = []
  }

  /// - Parameters:
  ///   - run: named in the certificate, so that a person who meets it knows what it is.
  ///   - days: how long the run's trust lasts at most.
  package init(run: String, now: Date = Date(), days: Int = 14) throws {
    let signing = P256.Signing.PrivateKey()
    key = Certificate.PrivateKey(signing)
    // A clock that runs behind inside the run must not refuse what was made just now.
    let start = now.addingTimeInterval(-3600)
    validity = start...now.addingTimeInterval(Double(days) * 86_400)
    issuer = try DistinguishedName {
      CommonName("Caisson run \(run.prefix(40))")
      OrganizationName("Caisson, this run only")
    }
    let identifier = SubjectKeyIdentifier(hash: key.publicKey)
    issuerIdentifier = identifier
    // Every name may be vouched for, since a denied name is answered with its reason; the run's own
    // loopback may not.
    let constraints = NameConstraints(
      excludedDNSDomains: ["localhost"],
      excludedIPRanges: [
        ASN1OctetString(contentBytes: [127, 0, 0, 0, 255, 0, 0, 0]),
        ASN1OctetString(
          contentBytes: ArraySlice(
            [UInt8](repeating: 0, count: 15) + [1] + [UInt8](repeating: 255, count: 16)
          )
        ),
      ]
    )
    let certificate = try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(),
      publicKey: key.publicKey,
      notValidBefore: validity.lowerBound,
      notValidAfter: validity.upperBound,
      issuer: issuer,
      subject: issuer,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
        Critical(constraints)
        identifier
      },
      issuerPrivateKey: key
    )
    certificatePEM = try certificate.serializeAsPEM().pemString
    leafKey = P256.Signing.PrivateKey()
    leafKeySource = .privateKey(
      try NIOSSLPrivateKey(bytes: Array(leafKey.pemRepresentation.utf8), format: .pem)
    )
  }

  /// The TLS settings that answer for a name; made at the first call.
  package func context(
    for name: String,
    protocols: [String] = ["h2", "http/1.1"]
  ) throws -> NIOSSLContext {
    if let known = contexts.withLockedValue({ $0.byName[name] }) { return known }
    let leaf = try NIOSSLCertificate(bytes: leaf(for: name), format: .der)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(leaf)],
      privateKey: leafKeySource
    )
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = protocols
    let context = try NIOSSLContext(configuration: configuration)
    contexts.withLockedValue { contexts in
      if contexts.byName.updateValue(context, forKey: name) == nil { contexts.order.append(name) }
      if contexts.order.count > Self.cachedNames {
        contexts.byName[contexts.order.removeFirst()] = nil
      }
    }
    return context
  }

  /// A certificate for a name, or for an address in its usual spelling, in DER.
  package func leaf(for name: String) throws -> [UInt8] {
    let subject: GeneralName =
      Self.addressBytes(name).map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
      ?? .dnsName(name)
    let publicKey = Certificate.PublicKey(leafKey.publicKey)
    let certificate = try Certificate(
      version: .v3,
      serialNumber: Certificate.SerialNumber(),
      publicKey: publicKey,
      notValidBefore: validity.lowerBound,
      notValidAfter: validity.upperBound,
      issuer: issuer,
      // A common name holds at most 64 characters; what clients read is the alternative name.
      subject: try DistinguishedName { CommonName(String(name.prefix(64))) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames([subject])
        AuthorityKeyIdentifier(keyIdentifier: issuerIdentifier.keyIdentifier)
        SubjectKeyIdentifier(hash: publicKey)
      },
      issuerPrivateKey: key
    )
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }

  private static func addressBytes(_ name: String) -> [UInt8]? {
    guard let address = try? SocketAddress(ipAddress: name, port: 0) else { return nil }
    switch address {
    case .v4(let address): return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address): return withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
    default: return nil
    }
  }
}
