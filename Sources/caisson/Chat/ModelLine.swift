import CLinux
import Dialects
import Foundation
import Glibc
import SystemPackage

/// Asks a model in Ollama's words, over an engine's socket or the gateway's port, and hears the answer as
/// it comes.
struct ModelLine {
  enum Place {
    case socket(FilePath)
    case port(host: String, port: UInt16, key: String)
  }

  /// A piece of an answer.
  struct Piece {
    var words = ""
    var thoughts = ""
    /// Said with the last piece.
    var end: End?
  }

  struct End {
    let reason: String
    let promptTokens: Int
    let tokens: Int
    /// Of loading, reading and writing.
    let loading: Double
    let reading: Double
    let writing: Double
  }

  let place: Place

  /// - Parameters:
  ///   - interruption: a descriptor that is readable when the answer is to be given up; -1 for none.
  ///   - hear: takes what comes; it is all there was when this returns.
  /// - Returns: whether the answer came to its end.
  func ask(
    _ path: String,
    _ body: [UInt8],
    interruption: Int32 = -1,
    hear: (Piece) throws -> Void
  ) throws -> Bool {
    let descriptor = try connect()
    defer { close(descriptor) }
    var head = "POST \(path) HTTP/1.1\r\nHost: caisson\r\nConnection: close\r\n"
    if case .port(_, _, let key) = place { head += "Authorization: Bearer \(key)\r\n" }
    head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
    try Self.send(Array(head.utf8) + body, to: descriptor)
    var reply = ReplyStream()
    while true {
      guard Self.wait(descriptor, interruption) else { return false }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = recv(descriptor, &bytes, bytes.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw ChatError.broken(String(cString: strerror(errno))) }
      try reply.take(bytes[..<count])
      while let line = reply.nextLine() { try Self.hear(line, reply.status, hear) }
      if count > 0 { continue }
      guard reply.isWhole else { throw ChatError.broken("it went away in the midst of it") }
      if let rest = reply.rest { try Self.hear(rest, reply.status, hear) }
      return true
    }
  }

  /// False where the interruption came.
  private static func wait(_ descriptor: Int32, _ interruption: Int32) -> Bool {
    while true {
      var waited = [descriptor, interruption].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      let count = poll(&waited, 2, -1)
      if count < 0, errno == EINTR { continue }
      if waited[1].revents != 0 { return false }
      if waited[0].revents != 0 { return true }
    }
  }

  private static func hear(
    _ line: [UInt8],
    _ status: Int,
    _ hear: (Piece) throws -> Void
  ) throws {
    guard let root = try? JSONDocument.object(line, bounds: .answer) else {
      throw ChatError.refused("it answered with status \(status)")
    }
    if let error = root.present("error") {
      let message = error.string ?? error.present("message")?.string
      throw ChatError.refused(message ?? "it answered with status \(status)")
    }
    let message = root.present("message")
    var piece = Piece()
    piece.words = message?["content"]?.string ?? ""
    piece.thoughts = message?.present("thinking")?.string ?? ""
    if root["done"]?.bool == true {
      func seconds(_ key: StaticString) -> Double { Double(root[key]?.int ?? 0) / 1e9 }
      piece.end = End(
        reason: root["done_reason"]?.string ?? "stop",
        promptTokens: root["prompt_eval_count"]?.int ?? 0,
        tokens: root["eval_count"]?.int ?? 0,
        loading: seconds("load_duration"),
        reading: seconds("prompt_eval_duration"),
        writing: seconds("eval_duration")
      )
    }
    try hear(piece)
  }

  /// The names of the models that are served there.
  func names() -> [String] {
    guard case .socket(let path) = place, let descriptor = try? EngineAddress.connect(path) else {
      return []
    }
    defer { close(descriptor) }
    let request = "GET /api/tags HTTP/1.1\r\nHost: caisson\r\nConnection: close\r\n\r\n"
    guard (try? Self.send(Array(request.utf8), to: descriptor)) != nil,
      let reply = try? HTTPReply.read(from: descriptor),
      let root = try? JSONDocument.object([UInt8](reply.body))
    else { return [] }
    return root.present("models")?.elements.compactMap { $0["name"]?.string } ?? []
  }

  // MARK: Connections

  private func connect() throws -> Int32 {
    switch place {
    case .socket(let path):
      if let descriptor = try EngineAddress.connect(path) { return descriptor }
      throw ChatError.broken("nobody listens on \(path)")
    case .port(let host, let port, _):
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      let own = ["localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1"][host] ?? host
      guard descriptor >= 0, inet_pton(AF_INET, own, &address.sin_addr) == 1 else {
        throw ChatError.broken("the gateway's address \(host) is none that is reached from here")
      }
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard result == 0 else {
        let why = String(cString: strerror(errno))
        close(descriptor)
        throw ChatError.broken("cannot reach the gateway at \(host):\(port): \(why)")
      }
      return descriptor
    }
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      // It may have answered already, and closed: what it said is read.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

enum ChatError: Error, CustomStringConvertible {
  case refused(String)
  case broken(String)
  case noModel(String)

  var description: String {
    switch self {
    case .refused(let why): Self.told(why)
    case .broken(let why): "the answer broke off: \(why)"
    case .noModel(let why): why
    }
  }

  /// What a server said, by the names of this command's options, and on one line: a template may say
  /// anything.
  private static func told(_ why: String) -> String {
    var text = why.split(whereSeparator: \.isNewline).joined(separator: " ")
    for (name, option) in [("num_ctx", "--context"), ("num_predict", "--max-tokens")] {
      text = text.replacing("options.\(name)", with: option).replacing(name, with: option)
    }
    return text
  }
}
