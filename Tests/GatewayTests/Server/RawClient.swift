import Foundation
import Glibc

/// A client that speaks HTTP by hand, so that it can go at any moment and send ahead of its turn.
final class RawClient {
  struct Failure: Error {}

  private var descriptor: CInt
  private var text = ""

  init(port: Int) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure() }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
  }

  func send(_ body: String, key: String, headers: [(String, String)] = []) throws {
    var request = "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nContent-Length: "
    request += "\(body.utf8.count)\r\nAuthorization: Bearer \(key)\r\n"
    for (name, value) in headers { request += "\(name): \(value)\r\n" }
    try send(request + "\r\n" + body)
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    else { throw Failure() }
  }

  /// What has come, once it holds a text.
  func read(until end: String) throws -> String { try read(count: 1, of: end) }

  func read(count: Int, of end: String) throws -> String {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while text.components(separatedBy: end).count <= count {
      let size = recv(descriptor, &chunk, chunk.count, 0)
      guard size > 0 else { throw Failure() }
      text += String(decoding: chunk[..<size], as: UTF8.self)
    }
    return text
  }

  /// What comes until the other side closes.
  func rest() -> String {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let size = recv(descriptor, &chunk, chunk.count, 0)
      guard size > 0 else { return text }
      text += String(decoding: chunk[..<size], as: UTF8.self)
    }
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  deinit { close() }
}
