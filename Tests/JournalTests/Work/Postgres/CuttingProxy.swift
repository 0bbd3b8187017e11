import Foundation
import Glibc
import Synchronization

/// Stands between a store and its server, and cuts the connection where a test says: when the server
/// answers that it has committed, before the store hears of it.
final class CuttingProxy: Sendable {
  let port: UInt16
  private let listener: Int32
  private let server: UInt16
  private let state = Mutex((isArmed: false, cuts: 0))

  init(to server: UInt16) throws {
    self.server = server
    (listener, port) = try PostgresServer.listen()
    Thread.detachNewThread { self.accept() }
  }

  /// The next commit is cut off.
  func arm() { state.withLock { $0.isArmed = true } }

  var cuts: Int { state.withLock { $0.cuts } }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func accept() {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      let server = PostgresServer.connect(to: server)
      Thread.detachNewThread { self.relay(from: client, to: server) { _ in true } }
      Thread.detachNewThread {
        self.relay(from: server, to: client) { !self.cuts($0) }
        // Both directions have ended by then, or do now.
        for socket in [client, server] { shutdown(socket, Int32(SHUT_RDWR)) }
      }
    }
  }

  /// Passes bytes on as long as `mayPass` allows.
  private func relay(from: Int32, to: Int32, _ mayPass: ([UInt8]) -> Bool) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(from, &buffer, buffer.count)
      guard count > 0, mayPass(Array(buffer.prefix(count))) else { break }
      var sent = 0
      while sent < count {
        let written = buffer.withUnsafeBytes {
          send(to, $0.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { return }
        sent += written
      }
    }
    shutdown(to, Int32(SHUT_RDWR))
    shutdown(from, Int32(SHUT_RDWR))
  }

  /// Whether the server says there that it has committed, and that is to be cut off.
  private func cuts(_ bytes: [UInt8]) -> Bool {
    guard Data(bytes).range(of: Data("COMMIT\0".utf8)) != nil else { return false }
    return state.withLock { state in
      guard state.isArmed else { return false }
      state = (false, state.cuts + 1)
      return true
    }
  }
}
