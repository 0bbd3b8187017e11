import Crypto
import NIOCore

/// Recognises what package managers download, and hashes it as it passes, so that the audit holds
/// what came in.
struct PackageDigest {
  private let named: PackageFile
  /// Nil where what passes is not the file as it lies on the server.
  private var hash: SHA256?

  /// - Parameters:
  ///   - path: of the request, canonical; nil for what is no package.
  ///   - isWhole: whether the answer is the file itself, byte for byte.
  init?(path: String, isWhole: Bool) {
    guard let named = PackageFile(path: path) else { return nil }
    self.named = named
    hash = isWhole ? SHA256() : nil
  }

  mutating func update(_ bytes: ByteBuffer) {
    bytes.withUnsafeReadableBytes { hash?.update(bufferPointer: $0) }
  }

  /// The file, with its hash.
  var file: PackageFile {
    var file = named
    file.sha256 = hash?.finalize().map { byte in
      let text = String(byte, radix: 16)
      return text.utf8.count == 1 ? "0" + text : text
    }.joined()
    return file
  }
}
