package import Delegation
import Foundation
import Glibc
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
package import SystemPackage
import WorkWire

/// The daemon's server on one address.
package struct ConsoleServer: Sendable {
  /// Where it is served, and who may ask.
  package enum Place: Sendable {
    /// A socket that its owner alone may open.
    case socket(FilePath)
    /// A port, where each request bears the token.
    case port(host: String, port: Int, token: String)
  }

  private let service: WorkService
  private let place: Place

  package init(_ service: WorkService, at place: Place) {
    self.service = service
    self.place = place
  }

  /// Serves until it is cancelled.
  ///
  /// - Parameter isUp: Called when it can be reached, with the port that it has.
  package func run(isUp: @escaping @Sendable (Int?) -> Void) async throws {
    let gate: Gate
    let address: BindAddress
    switch place {
    case .socket(let path):
      try Self.check(path)
      gate = .owner
      address = .unixDomainSocket(path: path.string)
    case .port(let host, let port, let token):
      gate = .token(token)
      address = .hostname(host, port: port)
    }
    let service = service
    let place = place
    var logger = Logger(label: "caisson.console")
    logger.logLevel = .critical
    let responder = CallbackResponder { (request: Request, context: ConsoleContext) in
      await ConsoleAnswer(service, gate).respond(to: request, context)
    }
    let application = Application(
      responder: responder,
      configuration: ApplicationConfiguration(address: address, serverName: nil),
      onServerRunning: { channel in
        if case .socket(let path) = place { chmod(path.string, 0o600) }
        isUp(channel.localAddress?.port)
      },
      logger: logger
    )
    try await application.run()
  }

  private static func check(_ path: FilePath) throws {
    // sockaddr_un(7)
    guard path.string.utf8.count <= longestPath else {
      throw ConsoleError(
        "the path of the socket \(path) is longer than \(longestPath) bytes; name a shorter "
          + "CAISSON_HOME or XDG_RUNTIME_DIR"
      )
    }
  }

  private static let longestPath = 107
}

package struct ConsoleError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A request's own things: the connection tells who asks.
struct ConsoleContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}
