import NIOCore
import Testing

@testable import Egress

@Suite struct ChunkReaderTests {
  static func read(_ text: String, step: Int) throws -> (body: String, rest: String)? {
    var reader = ChunkReader()
    var buffer = ByteBuffer()
    var body = ""
    var left = text.utf8[...]
    while !left.isEmpty, !reader.isDone {
      buffer.writeBytes(left.prefix(step))
      left = left.dropFirst(step)
      while let piece = try reader.next(&buffer) { body += String(buffer: piece) }
    }
    return reader.isDone
      ? (body, String(buffer: buffer) + String(decoding: left, as: UTF8.self)) : nil
  }

  @Test(arguments: [1, 2, 3, 7, 100])
  func `reads chunks however they are cut, and drops trailers`(step: Int) throws {
    let text = "3\r\nabc\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX: y\r\n\r\nGET"
    let read = try #require(try Self.read(text, step: step))
    #expect(read.body == "abcabcdefghijklmnopqrstuvwxyz")
    #expect(read.rest == "GET")
  }

  @Test(arguments: [
    "3;x=y\r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n", "\r\n", "g\r\n",
    "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "-1\r\n", "0x3\r\nabc\r\n",
    "ffffffffffffffff1\r\n", "3\r\nabc\r\r\n", "0\r\nX: y\n\r\n",
  ])
  func `refuses what is not exactly chunked`(text: String) {
    #expect(throws: HeadProblem.self) { _ = try Self.read(text, step: 100) }
    #expect(throws: HeadProblem.self) { _ = try Self.read(text, step: 1) }
  }
}
