import NIOCore
import NIOEmbedded
import Testing

@testable import Egress

@Suite struct FrameCensusTests {
  private let body = FrameText.frame(.data, stream: 1, [1, 2, 3])

  /// How often more than one piece waited, having read `bytes` in steps, with `taken` taken before.
  private func overflows(_ bytes: [UInt8], step: Int, taking taken: [UInt32] = []) throws -> Int {
    var count = 0
    let census = FrameCensus(most: 1) { count += 1 }
    let channel = EmbeddedChannel(handler: census)
    var rest = (FrameText.preface + FrameText.settings([(4, 1)]) + bytes)[...]
    while !rest.isEmpty {
      try channel.writeInbound(ByteBuffer(bytes: rest.prefix(step)))
      rest = rest.dropFirst(step)
      for stream in taken { census.take(stream) }
    }
    _ = try channel.finish(acceptAlreadyClosed: true)
    return count
  }

  @Test func `counts pieces that nobody has taken`() throws {
    #expect(try overflows(body, step: 1_000) == 0)
    #expect(try overflows(body + body, step: 1_000) == 1)
    let empty = FrameText.frame(.data, stream: 3)
    #expect(try overflows(empty + empty, step: 1_000) == 1)
  }

  @Test func `a frame that comes in pieces is as many`() throws {
    #expect(try overflows(body, step: 1) == 2)
  }

  @Test func `what one stream takes is not counted for another`() throws {
    #expect(try overflows(body + body, step: 1, taking: [1]) == 0)
    #expect(try overflows(body + body, step: 1, taking: [3]) > 0)
  }

  @Test func `frames of other kinds are not counted`() throws {
    let others = FrameText.frame(.ping, [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(try overflows(others + others + others, step: 5) == 0)
  }
}
