import CLinux
import ExecWire

/// What a command that talks hears and says: a standard input that lasts, and a standard output of which
/// nothing is lost.
///
/// Both are bounded by whoever drives the session: one piece of input is under way at a time, and output
/// is read as far as that was allowed. A command that does not read, or prints without end, waits for
/// its pipe and holds up nobody else.
struct Talk {
  /// A piece of input that the pipe has not taken as a whole.
  private struct Piece {
    let id: UInt64
    let bytes: [UInt8]
    let isLast: Bool
    var sent = 0
  }

  private static let brokenPipe: Int32 = 32  // EPIPE

  /// -1 once it is closed, here or by the command.
  private var input: Int32
  /// -1 once nobody holds the other end.
  private(set) var output: Int32
  private var allowed: Int
  private var piece: Piece?

  init(input: Int32, output: Int32, window: UInt32) {
    self.input = input
    self.output = output
    allowed = min(Int(window), ExecWire.largestWindow)
    _ = cl_set_nonblocking(input, 1)
    _ = cl_set_nonblocking(output, 1)
  }

  /// Whether more would be read than may be said.
  var isHeldUp: Bool { output >= 0 && allowed == 0 }

  /// What is polled for: where to write, where to read; -1 for neither.
  var writes: Int32 { piece == nil ? -1 : input }
  var reads: Int32 { isHeldUp ? -1 : output }

  mutating func allow(_ bytes: UInt32) {
    allowed = min(allowed + Int(bytes), ExecWire.largestWindow)
  }

  /// Reads once of what it says.
  mutating func takeOutput(_ buffer: UnsafeMutableRawBufferPointer) -> [UInt8]? {
    guard output >= 0, allowed > 0 else { return nil }
    let most = min(buffer.count, allowed, ExecWire.largestPiece)
    let count = cl_read(output, buffer.baseAddress, most)
    if count == -11 { return nil }  // EAGAIN
    guard count > 0 else {
      _ = cl_close(output)
      output = -1
      return nil
    }
    allowed -= count
    return Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  /// Takes a piece of input; its answer, where that is known at once.
  mutating func take(_ request: InputRequest, _ id: UInt64) -> Answer? {
    guard request.bytes.count <= ExecWire.largestPiece else { return .failed(.malformed) }
    guard piece == nil else { return .failed(.busy) }
    guard input >= 0 else { return .failed(.system(Self.brokenPipe)) }
    piece = Piece(id: id, bytes: request.bytes, isLast: request.isLast)
    return write()?.answer
  }

  /// Goes on with the piece under way; its answer, once it is over.
  mutating func write() -> (id: UInt64, answer: Answer)? {
    guard var piece else { return nil }
    while piece.sent < piece.bytes.count {
      let count = piece.bytes.withUnsafeBytes { bytes in
        cl_write(input, bytes.baseAddress.map { $0 + piece.sent }, bytes.count - piece.sent)
      }
      if count == -11 {
        self.piece = piece
        return nil
      }
      guard count > 0 else { return closeInput() }
      piece.sent += count
    }
    self.piece = nil
    if piece.isLast { _ = closeInput() }
    return (piece.id, .done)
  }

  /// Nobody reads it any more, or nothing more comes.
  mutating func closeInput() -> (id: UInt64, answer: Answer)? {
    if input >= 0 { _ = cl_close(input) }
    input = -1
    defer { piece = nil }
    return piece.map { ($0.id, .failed(.system(Self.brokenPipe))) }
  }
}
