import Console
import Delegation
import Foundation
import Glibc
import SystemPackage

/// The daemon's servers: its socket, and a port where that is asked for.
struct ConsoleService {
  let socket: FilePath
  private let servers: [ConsoleServer]
  private let service: WorkService
  private let complain: @Sendable (String) -> Void

  init(
    _ setup: WorkSetup,
    _ service: WorkService,
    complain: @escaping @Sendable (String) -> Void
  ) throws {
    socket = FilePath(setup.runtime).appending("daemon.sock")
    var servers = [ConsoleServer(service, at: .socket(socket))]
    if let listen = setup.listen {
      let token = try ConsoleToken.make(in: FilePath(setup.state))
      servers.append(
        ConsoleServer(service, at: .port(host: listen.host, port: listen.port, token: token))
      )
    }
    self.servers = servers
    self.service = service
    self.complain = complain
  }

  /// Serves until it is cancelled.
  ///
  /// - Parameter areUp: Called when all can be reached.
  func run(areUp: @escaping @Sendable () -> Void) async throws {
    defer { unlink(socket.string) }
    let (stream, ups) = AsyncStream<Void>.makeStream()
    let (complain, service) = (complain, service)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await service.run() }
      for server in servers {
        group.addTask {
          try await server.run { port in
            if let port { complain("listens on port \(port), for those who bear daemon.token") }
            ups.yield()
          }
        }
      }
      let count = servers.count
      group.addTask {
        var waited = 0
        for await _ in stream {
          waited += 1
          if waited == count { return areUp() }
        }
      }
      try await group.waitForAll()
    }
  }
}

/// What a request on the daemon's port has to bear: random, in a file of the state directory.
enum ConsoleToken {
  static func make(in state: FilePath) throws -> String {
    let file = state.appending("daemon.token")
    if let data = FileManager.default.contents(atPath: file.string) {
      let text = String(decoding: data, as: UTF8.self).filter { !$0.isWhitespace }
      if text.utf8.count >= 32 { return text }
    }
    var random = SystemRandomNumberGenerator()
    let token = (0..<32).map { _ in
      let byte = UInt8.random(in: 0...255, using: &random)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    let descriptor = try FileDescriptor.open(
      file,
      .writeOnly,
      options: [.create, .truncate, .closeOnExec],
      permissions: .ownerReadWrite
    )
    try descriptor.closeAfter { _ = try descriptor.writeAll(Array("\(token)\n".utf8)) }
    return token
  }
}
