import Foundation
import Glibc
import SystemPackage

/// Paths of sockets as the kernel takes them.
enum EngineAddress {
  static func with<Value>(
    _ path: FilePath,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
  ) throws -> Value {
    let bytes = Array(path.string.utf8)
    var address = sockaddr_un()
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw EngineError.failed(
        "the path of the socket \(path) is too long; name a shorter CAISSON_HOME or XDG_RUNTIME_DIR"
      )
    }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// A connection to an engine; nil where there is none, with the reason in `errno`.
  static func connect(_ path: FilePath) throws -> Int32? {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = Glibc.socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw EngineError.failed("no socket can be made") }
    if try with(path, { Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
    let reason = errno
    close(descriptor)
    errno = reason
    return nil
  }

  /// Sockets of engines that are running. Those of engines that are gone are removed: where nobody holds
  /// them, not where there is only no room, or no right, to connect.
  static func running(_ home: Home) -> [FilePath] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: home.runtime.string)) ?? []
    return names.filter { $0.hasPrefix("engine-") && $0.hasSuffix(".sock") }.sorted().compactMap {
      name in
      let path = home.runtime.appending(name)
      errno = 0
      guard let descriptor = try? connect(path) else {
        if errno == ECONNREFUSED { _ = unlink(path.string) }
        return nil
      }
      close(descriptor)
      return path
    }
  }
}

enum EngineError: Error, CustomStringConvertible {
  case failed(String)

  var description: String {
    switch self {
    case .failed(let what): "the engine: \(what)"
    }
  }
}
