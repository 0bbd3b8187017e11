import CZlib

/// Decodes one zlib stream in whatever pieces it comes, within a bound.
///
/// The library's state must not move and cannot be copied, hence a class. One reader of a pack has
/// it, on one connection's event loop.
final class Inflater: @unchecked Sendable {
  /// All that came out, where it is kept.
  private(set) var output: [UInt8] = []
  /// How much came out.
  private(set) var made = 0
  private let limit: Int
  private let beyond: PackProblem
  private let keeps: Bool
  private let stream: UnsafeMutablePointer<z_stream>
  private var isReady: Bool
  private var isOver = false

  /// - Parameters:
  ///   - limit: how many bytes it may become.
  ///   - beyond: what is said of more.
  ///   - keeps: whether the output is of interest.
  init(limit: Int, beyond: PackProblem, keeps: Bool) {
    self.limit = limit
    self.beyond = beyond
    self.keeps = keeps
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    isReady = inflateInit_(stream, ZLIB_VERSION, size) == Z_OK
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deallocate()
  }

  /// Reads to the end of the stream, or of the bytes; true at the former.
  func read(_ bytes: inout PackBytes) throws(PackProblem) -> Bool {
    guard isReady else { throw .bound("there is no memory to decode it") }
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while !isOver {
      let (status, count) = bytes.withRest { rest in
        piece.withUnsafeMutableBufferPointer { inflate(rest, into: $0) }
      }
      made += count
      guard made <= limit else { throw beyond }
      if keeps { output += piece[..<count] }
      switch status {
      case Z_STREAM_END: isOver = true
      case Z_OK where count > 0: break
      // Nothing came out: it wants more than there is.
      case Z_OK, Z_BUF_ERROR: if bytes.isAtEnd { return false }
      default: throw .malformed("an object does not decode")
      }
    }
    return true
  }

  /// Returns how much was taken; the library's word and how much came out.
  private func inflate(
    _ input: UnsafeBufferPointer<UInt8>,
    into output: UnsafeMutableBufferPointer<UInt8>
  ) -> (taken: Int, (Int32, Int)) {
    let size = min(input.count, Int(UInt32.max))
    // The library reads what it is given, and says so only in a version of its header.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.pointee.avail_in = UInt32(size)
    stream.pointee.next_out = output.baseAddress
    stream.pointee.avail_out = UInt32(output.count)
    let status = CZlib.inflate(stream, Z_NO_FLUSH)
    let taken = size - Int(stream.pointee.avail_in)
    return (taken, (status, output.count - Int(stream.pointee.avail_out)))
  }
}
