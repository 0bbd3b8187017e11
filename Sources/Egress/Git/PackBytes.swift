/// What has come of a pack and was not read yet.
struct PackBytes: Sendable {
  /// How much of the pack was read.
  private(set) var offset = 0
  private var bytes: [UInt8] = []
  private var position = 0

  /// Adds the next piece. All of the one before must have been read.
  mutating func add(_ piece: [UInt8]) {
    if position == bytes.count {
      bytes = piece
      position = 0
    } else {
      bytes += piece
    }
  }

  var isAtEnd: Bool { position == bytes.count }

  /// Has `body` take some of what is there, and passes on what it returns.
  mutating func withRest<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) -> (taken: Int, Result)
  ) -> Result {
    let (taken, result) = bytes.withUnsafeBufferPointer {
      body(UnsafeBufferPointer(rebasing: $0[position...]))
    }
    position += taken
    offset += taken
    return result
  }

  mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer {
      position += 1
      offset += 1
    }
    return bytes[position]
  }
}
