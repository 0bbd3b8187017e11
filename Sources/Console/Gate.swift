import Foundation
import Glibc
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import WorkWire

/// Who may ask: decided for each request, before its body is read.
enum Gate: Sendable {
  /// The user whose daemon it is, and root.
  case owner
  case token(String)

  /// Who asks, in words for the journal.
  ///
  /// - Throws: `WorkProblem` for everyone else.
  func admit(_ request: Request, _ context: ConsoleContext) async throws -> String {
    switch self {
    case .owner: return try await Self.admitPeer(of: context.channel)
    case .token(let token): return try Self.admit(request, bearing: token)
    }
  }

  // MARK: A socket

  /// `struct ucred` of unix(7), which the C library shows to programs of GNU's alone.
  private struct Peer {
    let process: Int32
    let user, group: UInt32
  }

  /// The directory's mode keeps others out already; this is the kernel's own word on who it is.
  private static func admitPeer(of channel: any Channel) async throws -> String {
    guard let provider = channel as? any SocketOptionProvider else {
      throw WorkProblem(.forbidden, "nobody can tell who asks")
    }
    let peer: Peer = try await provider.unsafeGetSocketOption(
      level: .socket,
      name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
    ).get()
    guard peer.user == geteuid() || peer.user == 0 else {
      throw WorkProblem(.forbidden, "this daemon is another user's")
    }
    return "\(name(of: peer.user)) by the daemon's socket"
  }

  private static func name(of user: UInt32) -> String {
    var account = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwuid_r(user, &account, &buffer, buffer.count, &found) == 0, found != nil,
      let name = account.pw_name
    else { return "user \(user)" }
    return String(cString: name)
  }

  // MARK: A port

  private static func admit(_ request: Request, bearing token: String) throws -> String {
    // A page whose name was made to point here sends its own name.
    guard isOwnName(request.head.authority) else {
      throw WorkProblem(.forbidden, "the host of the request is not this daemon's address")
    }
    // A browser says where a page is from, and no page is ours.
    if request.headers[.origin] != nil {
      throw WorkProblem(.forbidden, "pages of browsers are not answered")
    }
    let given = request.headers[.authorization] ?? ""
    let scheme = "bearer "
    guard given.lowercased().hasPrefix(scheme),
      isEqual(Array(given.utf8.dropFirst(scheme.utf8.count)), Array(token.utf8))
    else {
      throw WorkProblem(.unauthorized, "a request bears the token of STATE/daemon.token")
    }
    return "a bearer of the daemon's token"
  }

  /// Whether a host is an address, or this machine's own name for itself.
  static func isOwnName(_ authority: String?) -> Bool {
    guard var host = authority?.lowercased() else { return false }
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return false }
      host = String(host[host.index(after: host.startIndex)..<end])
    } else if let colon = host.lastIndex(of: ":") {
      host = String(host[..<colon])
    }
    if host == "localhost" { return true }
    var bytes = in6_addr()
    return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
  }

  /// Compares in a time that says nothing but the length of what was given.
  static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
