import Foundation
import Glibc
import SystemPackage
import WorkWire

/// Asks the daemon over its socket: one request a connection, waited for.
struct DaemonClient {
  let socket: FilePath

  init(home: Home) {
    socket = home.runtime.appending("daemon.sock")
  }

  /// Whether anybody listens.
  var isUp: Bool {
    guard let descriptor = try? connect() else { return false }
    close(descriptor)
    return true
  }

  func get<Value: Decodable>(
    _ path: String,
    _ query: [(String, String?)] = [],
    patience: Int = 60
  ) throws -> Value {
    let pairs = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
    let target = pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    return try ask("GET", target, nil, patience)
  }

  func post<Value: Decodable>(_ path: String, _ body: some Encodable) throws -> Value {
    try ask("POST", path, try JSONEncoder().encode(body), 60)
  }

  func post<Value: Decodable>(_ path: String) throws -> Value { try ask("POST", path, nil, 60) }

  func delete(_ path: String) throws {
    let _: [String: String] = try ask("DELETE", path, nil, 60)
  }

  /// A name as a part of a path: what is no name is refused here, where it can be said well.
  static func name(_ text: String) throws -> String {
    let isName = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
        || byte == UInt8(ascii: ".")
    }
    guard isName, (1...64).contains(text.utf8.count) else {
      throw WorkProblem(.unknown, "there is no assignment '\(text.printable)'; see: caisson tasks")
    }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"):
        String(Unicode.Scalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }

  // MARK: One request

  private func ask<Value: Decodable>(
    _ method: String,
    _ target: String,
    _ body: Data?,
    _ patience: Int
  ) throws -> Value {
    let descriptor = try connect()
    defer { close(descriptor) }
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(
      descriptor,
      SOL_SOCKET,
      SO_RCVTIMEO,
      &limit,
      socklen_t(MemoryLayout<timeval>.size)
    )
    var head = "\(method) \(target) HTTP/1.1\r\nHost: caisson\r\nConnection: close\r\n"
    if let body {
      head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
    } else if method == "POST" {
      head += "Content-Length: 0\r\n"
    }
    try Self.send(Data((head + "\r\n").utf8) + (body ?? Data()), to: descriptor)
    let reply = try HTTPReply.read(from: descriptor)
    guard (200...299).contains(reply.status) else {
      if let problem = try? JSONDecoder().decode(ProblemBody.self, from: reply.body) {
        throw problem.error
      }
      throw DaemonClientError.failed("it answered with status \(reply.status)")
    }
    do {
      return try JSONDecoder().decode(Value.self, from: reply.body)
    } catch {
      throw DaemonClientError.failed("its answer cannot be read; is it of another version?")
    }
  }

  private func connect() throws -> Int32 {
    let path = Array(socket.string.utf8)
    var address = sockaddr_un()
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw DaemonClientError.failed("the path \(socket) is too long for a socket")
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Glibc.socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else {
      throw DaemonClientError.failed("no socket can be made: \(String(cString: strerror(errno)))")
    }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, size)
      }
    }
    guard result == 0 else {
      let code = errno
      close(descriptor)
      if code == ENOENT || code == ECONNREFUSED { throw DaemonClientError.notUp }
      throw DaemonClientError.failed("cannot reach \(socket): \(String(cString: strerror(code)))")
    }
    return descriptor
  }

  private static func send(_ bytes: Data, to descriptor: Int32) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(
          descriptor,
          buffer.baseAddress.map { $0 + sent },
          buffer.count - sent,
          Int32(MSG_NOSIGNAL)
        )
      }
      if count < 0, errno == EINTR { continue }
      // It may have answered already, and closed: what it said is read.
      if count <= 0 { return }
      sent += count
    }
  }
}

enum DaemonClientError: Error, CustomStringConvertible {
  case notUp
  case failed(String)

  var description: String {
    switch self {
    case .notUp: "no daemon is up; start it with: caisson up"
    case .failed(let reason): "the daemon: \(reason)"
    }
  }
}
