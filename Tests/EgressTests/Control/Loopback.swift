import CLinux
import Glibc
import NIOCore

@testable import Egress

/// Sockets on this machine's loopback that wait: what a test plays the run with.
enum Loopback {
  /// A socket on a free port, of version 6 where the machine has it.
  static func listen(datagram: Bool, version6: Bool) throws -> (descriptor: CInt, port: UInt16) {
    let loopback6 = [UInt8](repeating: 0, count: 15) + [1]
    if version6, let socket = bound(loopback6, datagram) { return socket }
    guard let socket = bound([127, 0, 0, 1], datagram) else {
      throw EgressProcess.Failure(description: "loopback cannot be bound")
    }
    return socket
  }

  private static func bound(_ address: [UInt8], _ datagram: Bool) -> (CInt, UInt16)? {
    guard let target = SocketAddress(bytes: address, port: 0) else { return nil }
    let descriptor = open(target, datagram)
    guard target.withSockAddr({ bind(descriptor, $0, socklen_t($1)) }) == 0,
      datagram || Glibc.listen(descriptor, 16) == 0
    else {
      _ = cl_close(descriptor)
      return nil
    }
    // A family, and then the port, whatever the family.
    var name = [UInt8](repeating: 0, count: 28)
    var size = socklen_t(name.count)
    name.withUnsafeMutableBytes { bytes in
      _ = getsockname(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, &size)
    }
    return (descriptor, UInt16(name[2]) << 8 | UInt16(name[3]))
  }

  private static func open(_ address: SocketAddress, _ datagram: Bool) -> CInt {
    let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
    let kind = datagram ? SOCK_DGRAM : SOCK_STREAM
    return socket(family, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  }

  /// One connection, or one socket for questions, to a port of 127.0.0.1.
  final class Client {
    private(set) var descriptor: CInt

    init(_ port: UInt16, datagram: Bool = false) throws {
      guard let address = SocketAddress(bytes: [127, 0, 0, 1], port: port) else {
        throw EgressProcess.Failure(description: "no address")
      }
      descriptor = Loopback.open(address, datagram)
      var patience = timeval(tv_sec: 10, tv_usec: 0)
      setsockopt(
        descriptor,
        SOL_SOCKET,
        SO_RCVTIMEO,
        &patience,
        socklen_t(MemoryLayout<timeval>.size)
      )
      guard address.withSockAddr({ connect(descriptor, $0, socklen_t($1)) }) == 0 else {
        throw EgressProcess.Failure(description: "not connected to \(port)")
      }
    }

    deinit { if descriptor >= 0 { _ = cl_close(descriptor) } }

    /// Hands the socket to whoever goes on with it.
    func release() -> CInt {
      defer { descriptor = -1 }
      return descriptor
    }

    func send(_ bytes: [UInt8]) {
      _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func endOutput() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes next; empty at the end, and where the connection was broken off.
    func receive() -> [UInt8] {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return Array(buffer[..<max(count, 0)])
    }

    func text(until end: String) -> String {
      var text = ""
      while !text.contains(end) {
        let more = receive()
        if more.isEmpty { break }
        text += String(decoding: more, as: UTF8.self)
      }
      return text
    }

    func textToEnd() -> String { text(until: "\u{0}") }
  }
}
