import NIOCore

/// Looks for placeholders in a body that passes as it comes, however it is cut.
struct Spotter {
  private let finder: Finder
  private let names: [String]
  private var tail: [UInt8] = []

  init(_ finder: Finder, names: [String]) {
    self.finder = finder
    self.names = names
  }

  /// The name of the secret whose placeholder ends in these bytes.
  mutating func find(in bytes: ByteBuffer) -> String? {
    let most = finder.longest - 1
    if !tail.isEmpty {
      let seam = tail + bytes.readableBytesView.prefix(most)
      if let match = finder.first(in: seam.span) { return names[match.pattern] }
    }
    if let match = finder.first(in: bytes.readableBytesUInt8Span) { return names[match.pattern] }
    tail = Array((tail + bytes.readableBytesView.suffix(most)).suffix(most))
    return nil
  }
}
