import CCatalogue

/// The catalogue that is part of the program: reviewed, hashed, and read only when asked for.
package enum Snapshot {
  /// The document, where it lies in the program.
  package static func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: ccatalogue_models(), count: ccatalogue_models_size()))
  }

  package static var text: String {
    withBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// The SHA-256 that was written beside the document, in hexadecimal digits.
  package static var digest: String {
    let bytes = UnsafeRawBufferPointer(start: ccatalogue_models_digest(), count: 64)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads the catalogue, and refuses one that is not what was reviewed.
  ///
  /// - Parameter sha256: the digest of some bytes in hexadecimal digits, from whoever has a
  ///   library for it.
  package static func load(
    sha256: (UnsafeRawBufferPointer) -> String
  ) throws(CatalogueError) -> ModelCatalogue {
    let found = withBytes(sha256)
    guard found == digest else { throw .wrongDigest(expected: digest, found: found) }
    return try ModelCatalogue(json: text, file: "models.json")
  }
}
