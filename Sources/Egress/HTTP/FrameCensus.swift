import NIOCore

/// Counts the pieces of bodies that a client of HTTP/2 has sent and nobody has taken.
///
/// A window bounds their bytes. It does not bound what it costs to keep each of them, and a client
/// may make each a byte long.
final class FrameCensus: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var waiting: [UInt32: Int] = [:]
  private var sum = 0
  private let most: Int
  private let overflow: () -> Void
  private var opening = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8.count
  private var head: [UInt8] = []
  /// Of the frame at hand: bytes that are still to come, and its stream where it carries a body.
  private var rest = 0
  private var stream: UInt32?

  private static let headLength = 9

  /// - Parameter overflow: called each time that more than `most` wait.
  init(most: Int, overflow: @escaping () -> Void) {
    self.most = most
    self.overflow = overflow
  }

  /// A stream has taken a piece.
  func take(_ stream: UInt32) {
    guard let count = waiting[stream], count > 0 else { return }
    waiting[stream] = count - 1
    sum -= 1
  }

  func forget(_ stream: UInt32) { sum -= waiting.removeValue(forKey: stream) ?? 0 }

  /// No stream is open: what came for others was never kept.
  func forgetAll() {
    waiting.removeAll()
    sum = 0
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    count(bytes.readableBytesUInt8Span)
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    if sum > most { overflow() }
  }

  /// What is read at one time of one frame is one piece.
  private func count(_ bytes: Span<UInt8>) {
    var index = min(opening, bytes.count)
    opening -= index
    while index < bytes.count {
      if rest > 0 {
        let length = min(rest, bytes.count - index)
        rest -= length
        index += length
        note()
        continue
      }
      head.append(bytes[index])
      index += 1
      guard head.count == Self.headLength else { continue }
      rest = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      let number = head[5...].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
      stream = head[3] == 0 ? number : nil
      head.removeAll(keepingCapacity: true)
      if rest == 0 { note() }
    }
  }

  private func note() {
    guard let stream else { return }
    waiting[stream, default: 0] += 1
    sum += 1
  }
}
