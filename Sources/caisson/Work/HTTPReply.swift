import Foundation
import Glibc

/// An answer of HTTP/1.1, read to its end.
struct HTTPReply {
  let status: Int
  let body: Data

  private static let largest = 256 << 20
  private static let largestHead = 64 << 10

  static func read(from descriptor: Int32) throws -> HTTPReply {
    var input = Input(descriptor: descriptor)
    let head = try input.head(atMost: largestHead)
    let lines = head.components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      throw DaemonClientError.failed("what it says is not HTTP")
    }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    if fields["transfer-encoding"]?.lowercased() == "chunked" {
      return HTTPReply(status: status, body: try input.chunks(atMost: largest))
    }
    guard let length = fields["content-length"].flatMap({ Int($0) }), (0...largest).contains(length)
    else { throw DaemonClientError.failed("its answer has no length, or is too long") }
    return HTTPReply(status: status, body: try input.bytes(length))
  }

  /// What has been received and not been read.
  private struct Input {
    let descriptor: Int32
    var buffer = Data()

    mutating func head(atMost limit: Int) throws -> String {
      let end = Data("\r\n\r\n".utf8)
      while true {
        if let range = buffer.range(of: end) {
          defer { buffer = Data(buffer[range.upperBound...]) }
          return String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
        }
        guard buffer.count < limit else { throw DaemonClientError.failed("its head is too long") }
        try receive()
      }
    }

    mutating func bytes(_ count: Int) throws -> Data {
      while buffer.count < count { try receive() }
      defer { buffer = Data(buffer.dropFirst(count)) }
      return Data(buffer.prefix(count))
    }

    mutating func chunks(atMost limit: Int) throws -> Data {
      var body = Data()
      while true {
        let line = try self.line()
        let size = Int(line.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces), radix: 16)
        guard let size, size >= 0, size <= limit - body.count else {
          throw DaemonClientError.failed("a part of its answer has no length, or is too long")
        }
        if size == 0 { return body }
        body += try bytes(size)
        _ = try self.line()
      }
    }

    private mutating func line() throws -> String {
      while true {
        if let end = buffer.firstIndex(of: 0x0A) {
          defer { buffer = Data(buffer[(end + 1)...]) }
          return String(decoding: buffer[..<end], as: UTF8.self)
            .trimmingCharacters(in: .newlines)
        }
        guard buffer.count < 4096 else { throw DaemonClientError.failed("a line is too long") }
        try receive()
      }
    }

    private mutating func receive() throws {
      var piece = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &piece, piece.count, 0)
      if count < 0, errno == EINTR { return }
      guard count > 0 else {
        throw DaemonClientError.failed(
          count == 0 ? "it went away before it had answered" : "it did not answer in time"
        )
      }
      buffer.append(contentsOf: piece[..<count])
    }
  }
}
