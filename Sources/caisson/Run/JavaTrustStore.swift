import Crypto
import Foundation

/// Certificates as Java keeps them: the format JKS, in which what is trusted lies unencrypted, so
/// that Java reads it without being told the password.
enum JavaTrustStore {
  /// The password that every Java knows for its own store.
  private static let password = "changeit"

  static func make(pem: [UInt8]) -> [UInt8] {
    let certificates = certificates(in: String(decoding: pem, as: UTF8.self))
    var store: [UInt8] = []
    store += bytes(UInt32(0xFEED_FEED)) + bytes(UInt32(2)) + bytes(UInt32(certificates.count))
    for (number, certificate) in certificates.enumerated() {
      store += bytes(UInt32(2)) + text("root-\(number)")
      store += bytes(UInt64(0)) + text("X.509")
      store += bytes(UInt32(certificate.count)) + certificate
    }
    var digest = Insecure.SHA1()
    for unit in password.utf16 { digest.update(data: bytes(unit)) }
    digest.update(data: Array("Mighty Aphrodite".utf8))
    digest.update(data: store)
    return store + digest.finalize()
  }

  private static func certificates(in pem: String) -> [Data] {
    pem.components(separatedBy: "-----BEGIN CERTIFICATE-----").dropFirst().compactMap { part in
      guard let end = part.range(of: "-----END CERTIFICATE-----") else { return nil }
      return Data(base64Encoded: String(part[..<end.lowerBound]), options: .ignoreUnknownCharacters)
    }
  }

  private static func text(_ text: String) -> [UInt8] {
    bytes(UInt16(truncatingIfNeeded: text.utf8.count)) + Array(text.utf8)
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
  }
}
