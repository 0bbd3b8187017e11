import Crypto
import NIOCore

/// Recognises what package managers download, and hashes it as it passes, so that the audit holds
/// what came in.
struct PackageDigest {
  let name: String
  let version: String
  private var hash = SHA256()

  /// - Parameter path: of the request, canonical; nil for what is no package.
  init?(path: String) {
    let segments = path.split(separator: "/").map { Self.decoded($0) }
    guard let file = segments.last else { return nil }
    if file.hasSuffix(".whl") {
      // PEP 427: name-version-[build-]python-abi-platform
      let parts = file.dropLast(4).split(separator: "-")
      guard parts.count >= 5 else { return nil }
      self.init(parts[0], parts[1])
    } else if file.hasSuffix(".deb") {
      let parts = file.dropLast(4).split(separator: "_")
      guard parts.count == 3 else { return nil }
      self.init(parts[0], parts[1])
    } else if let suffix = Self.archives.first(where: { file.hasSuffix($0) }) {
      self.init(cut: file.dropLast(suffix.count), segments)
    } else if file == "download", segments.count >= 4 {
      // crates.io: /api/v1/crates/name/version/download
      let place = segments.suffix(4)
      guard place.first == "crates" else { return nil }
      self.init(Substring(segments[segments.count - 3]), Substring(segments[segments.count - 2]))
    } else {
      return nil
    }
  }

  private static let archives = [".tar.gz", ".tgz", ".tar.bz2", ".crate", ".gem", ".nupkg", ".zip"]

  private init(_ name: Substring, _ version: Substring) {
    self.name = String(name.prefix(120))
    self.version = String(version.prefix(80))
  }

  /// `name-1.2.3`: the version begins at the first digit behind a hyphen.
  private init?(cut stem: Substring, _ segments: [String]) {
    var place = stem.startIndex
    while let hyphen = stem[place...].firstIndex(of: "-") {
      let after = stem.index(after: hyphen)
      if after < stem.endIndex, stem[after].isNumber {
        // npm: /@scope/name/-/name-1.2.3.tgz
        let isScoped = segments.count >= 4 && segments[segments.count - 2] == "-"
        let scope =
          isScoped && segments[segments.count - 4].hasPrefix("@")
          ? segments[segments.count - 4] + "/" : ""
        self.init(Substring(scope + stem[..<hyphen]), stem[after...])
        return
      }
      place = after
    }
    return nil
  }

  private static func decoded(_ segment: Substring) -> String {
    FormText.decode(
      Substring(
        segment.split(separator: "+", omittingEmptySubsequences: false)
          .joined(separator: "%2B")
      )
    )
  }

  mutating func update(_ bytes: ByteBuffer) {
    bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
  }

  /// `name version sha256:…`
  var summary: String {
    let digits = hash.finalize().map { byte in
      let text = String(byte, radix: 16)
      return text.utf8.count == 1 ? "0" + text : text
    }
    return "\(name) \(version) sha256:\(digits.joined())"
  }
}
