import Glibc

/// Standard output in large pieces: a diff may have a hundred thousand lines.
struct OutputBuffer: ~Copyable {
  private var bytes: [UInt8] = []
  /// Whether whoever reads has gone, as `head` does.
  private(set) var isClosed = false

  init() { bytes.reserveCapacity(1 << 17) }

  mutating func write(_ text: String) {
    bytes += text.utf8
    flushIfLarge()
  }

  mutating func write(_ text: some Sequence<UInt8>) {
    bytes += text
    flushIfLarge()
  }

  private mutating func flushIfLarge() {
    if bytes.count > 1 << 16 { flush() }
  }

  mutating func flush() {
    var written = 0
    while written < bytes.count, !isClosed {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(
          STDOUT_FILENO,
          buffer.baseAddress?.advanced(by: written),
          buffer.count - written
        )
      }
      if count <= 0 { isClosed = true } else { written += count }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}
