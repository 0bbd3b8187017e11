import NIOCore

/// Takes the chunked coding off a body, strictly; extensions are refused, trailers dropped.
struct ChunkReader {
  private enum State {
    case size
    case data(UInt64)
    case afterData
    case trailers(Int)
    case done
  }

  private var state: State = .size

  /// The most that trailers may hold.
  static let trailerLimit = 8 << 10

  var isDone: Bool {
    if case .done = state { true } else { false }
  }

  /// The next piece of the body; nil while more bytes are needed, and when all was read.
  mutating func next(_ buffer: inout ByteBuffer) throws(HeadProblem) -> ByteBuffer? {
    while true {
      switch state {
      case .size:
        guard let line = try Self.line(&buffer, limit: 18) else { return nil }
        let size = try Self.size(line)
        state = size == 0 ? .trailers(0) : .data(size)
      case .data(let left):
        let count = Int(min(left, UInt64(buffer.readableBytes)))
        guard count > 0, let piece = buffer.readSlice(length: count) else { return nil }
        state = left == UInt64(count) ? .afterData : .data(left - UInt64(count))
        return piece
      case .afterData:
        guard let line = try Self.line(&buffer, limit: 2) else { return nil }
        guard line.readableBytes == 0 else { throw HeadProblem("a chunk is longer than it says") }
        state = .size
      case .trailers(let seen):
        guard let line = try Self.line(&buffer, limit: Self.trailerLimit) else { return nil }
        let sum = seen + line.readableBytes
        guard sum <= Self.trailerLimit else { throw HeadProblem("the trailers are too large") }
        state = line.readableBytes == 0 ? .done : .trailers(sum)
      case .done:
        return nil
      }
    }
  }

  /// A line without its end, which must be CR LF.
  private static func line(
    _ buffer: inout ByteBuffer,
    limit: Int
  ) throws(HeadProblem) -> ByteBuffer? {
    guard let length = try lineLength(buffer.readableBytesUInt8Span, limit: limit) else {
      return nil
    }
    let line = buffer.readSlice(length: length)
    buffer.moveReaderIndex(forwardBy: 2)
    return line
  }

  private static func lineLength(_ bytes: Span<UInt8>, limit: Int) throws(HeadProblem) -> Int? {
    var index = 0
    while index < bytes.count, bytes[index] != 0x0D {
      guard bytes[index] >= 0x20 || bytes[index] == 0x09, index < limit else {
        throw HeadProblem("a line between chunks is not in order")
      }
      index += 1
    }
    guard index + 1 < bytes.count else { return nil }
    guard bytes[index + 1] == 0x0A else { throw HeadProblem("CR stands between chunks") }
    return index
  }

  private static func size(_ line: ByteBuffer) throws(HeadProblem) -> UInt64 {
    let bytes = line.readableBytesUInt8Span
    guard (1...15).contains(bytes.count) else {
      throw HeadProblem("the size of a chunk is not a number")
    }
    var size: UInt64 = 0
    for index in bytes.indices {
      let byte = bytes[index]
      switch byte {
      case 0x30...0x39: size = size << 4 | UInt64(byte - 0x30)
      case 0x41...0x46, 0x61...0x66: size = size << 4 | UInt64((byte | 0x20) - 0x57)
      default: throw HeadProblem("the size of a chunk is not a number")
      }
    }
    return size
  }
}
