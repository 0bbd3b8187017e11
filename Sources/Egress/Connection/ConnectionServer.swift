package import NIOCore

/// Answers an accepted connection whose destination is known, by looking into what is said on it.
package protocol ConnectionServer: Sendable {
  /// Installs what answers the connection.
  ///
  /// - Parameters:
  ///   - channel: accepted, with `autoRead` off.
  ///   - firstBytes: what was read from it already; is seen again by whatever is installed.
  ///   - isTLS: whether the bytes begin a TLS handshake.
  ///   - sni: the name that the handshake asks for.
  /// - Returns: when everything is installed.
  func serve(
    _ channel: any Channel,
    flow: Flow,
    firstBytes: ByteBuffer,
    isTLS: Bool,
    sni: String?
  ) -> EventLoopFuture<Void>
}
