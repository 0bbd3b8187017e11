extension PackageFile {
  /// Reads name and version off the place of a file, as the clients' own conventions have it; nil
  /// for what is no package.
  init?(path: String) {
    let segments = path.split(separator: "/").map { Self.decoded($0) }
    guard let last = segments.last, let file = last.split(separator: "/").last.map(String.init)
    else { return nil }
    if file.hasSuffix(".whl") {
      // PEP 427: name-version-[build-]python-abi-platform
      let parts = file.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
      guard (5...6).contains(parts.count) else { return nil }
      self.init(parts[0], parts[1], file)
    } else if let suffix = [".deb", ".udeb"].first(where: { file.hasSuffix($0) }) {
      let parts = file.dropLast(suffix.count).split(
        separator: "_",
        omittingEmptySubsequences: false
      )
      guard parts.count == 3 else { return nil }
      self.init(parts[0], parts[1], file)
    } else if let suffix = Self.archives.first(where: { file.hasSuffix($0) }) {
      let stem = file.dropLast(suffix.count)
      if suffix == ".tgz", let found = Self.npm(stem, segments) {
        self.init(found.name[...], found.version, file)
      } else {
        let isSemantic = [".tgz", ".crate", ".gem"].contains(suffix)
        guard let cut = Self.cut(stem, isSemantic: isSemantic) else { return nil }
        self.init(cut.name, cut.version, file)
      }
    } else if file == "download", segments.count >= 4, segments[segments.count - 4] == "crates" {
      // crates.io: /api/v1/crates/name/version/download
      self.init(segments[segments.count - 3][...], segments[segments.count - 2][...], file)
    } else {
      return nil
    }
  }

  private static let archives = [
    ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".crate", ".gem", ".zip",
  ]

  private init?(_ name: Substring, _ version: Substring, _ file: String) {
    guard !name.isEmpty, !version.isEmpty else { return nil }
    self.init(
      name: String(name.prefix(120)),
      version: String(version.prefix(80)),
      file: String(file.prefix(250)),
      sha256: nil
    )
  }

  /// `/name/-/name-1.0.0.tgz`, `/@scope/name/-/name-1.0.0.tgz`
  private static func npm(
    _ stem: Substring,
    _ segments: [String]
  ) -> (name: String, version: Substring)? {
    guard segments.count >= 3, segments[segments.count - 2] == "-" else { return nil }
    var name = segments[segments.count - 3]
    let base = (name.split(separator: "/").last.map(String.init) ?? name) + "-"
    guard stem.hasPrefix(base) else { return nil }
    if segments.count >= 4, segments[segments.count - 4].hasPrefix("@"), !name.hasPrefix("@") {
      name = "\(segments[segments.count - 4])/\(name)"
    }
    return (name, stem.dropFirst(base.count))
  }

  /// `name-1.2.3`. Names may hold a part that begins with a digit, and so may versions, as in
  /// `1.0.0-0`: a semantic version begins at the first part that is like one, any other at the last.
  private static func cut(
    _ stem: Substring,
    isSemantic: Bool
  ) -> (name: Substring, version: Substring)? {
    var found: Substring.Index?
    for place in stem.indices where stem[place] == "-" {
      let behind = stem[stem.index(after: place)...]
      guard let digit = behind.utf8.first, (0x30...0x39).contains(digit) else { continue }
      found = place
      if isSemantic, behind.prefix(while: { $0 != "-" }).contains(".") { break }
    }
    return found.map { (stem[..<$0], stem[stem.index(after: $0)...]) }
  }

  private static func decoded(_ segment: Substring) -> String {
    FormText.decode(
      Substring(
        segment.split(separator: "+", omittingEmptySubsequences: false)
          .joined(separator: "%2B")
      )
    )
  }
}
