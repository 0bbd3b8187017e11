import Glibc
package import NIOCore
package import NIOPosix
import Synchronization

/// Asks the machine's name service, away from the event loops. Only names that the policy lets a
/// run connect to are asked for, and only when it connects. Whoever starts the process keeps the
/// machine's search list out of it (`LOCALDOMAIN`): a name means itself.
package final class Resolver: Sendable {
  private let threads: NIOThreadPool
  private let waiting = Mutex(0)

  private static let mostWaiting = 256
  private static let mostAddresses = 16

  package init(threads: NIOThreadPool) {
    self.threads = threads
  }

  /// The addresses of a name in the order in which they are best tried.
  package func addresses(of host: String, on eventLoop: any EventLoop) -> EventLoopFuture<[[UInt8]]>
  {
    let isFree = waiting.withLock { count in
      guard count < Self.mostWaiting else { return false }
      count += 1
      return true
    }
    guard isFree else {
      return eventLoop.makeFailedFuture(
        Refusal(
          .limit,
          rule: "limit: name look-ups",
          reason: "too many names are looked up at once"
        )
      )
    }
    return threads.runIfActive(eventLoop: eventLoop) { [self] in
      defer { waiting.withLock { $0 -= 1 } }
      return try Self.lookUp(host)
    }
  }

  private static func lookUp(_ host: String) throws -> [[UInt8]] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard status == 0 else {
      throw Refusal(
        .unreachable,
        rule: "upstream",
        reason: "the name \(host) was not resolved: \(String(cString: gai_strerror(status)))"
      )
    }
    var found: [[UInt8]] = []
    var next = list
    while let entry = next, found.count < mostAddresses {
      next = entry.pointee.ai_next
      guard let address = address(entry.pointee), !found.contains(address) else { continue }
      found.append(address)
    }
    return found
  }

  private static func address(_ entry: addrinfo) -> [UInt8]? {
    guard let pointer = entry.ai_addr else { return nil }
    let raw = UnsafeRawPointer(pointer)
    switch entry.ai_family {
    case AF_INET:
      let address = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
      return withUnsafeBytes(of: address) { Array($0) }
    case AF_INET6:
      let address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      return withUnsafeBytes(of: address) { Array($0) }
    default:
      return nil
    }
  }
}
