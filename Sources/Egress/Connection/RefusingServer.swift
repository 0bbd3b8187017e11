import NIOCore

/// Closes whatever would have to be looked into.
struct RefusingServer: ConnectionServer {
  func serve(
    _ channel: any Channel,
    flow: Flow,
    firstBytes: ByteBuffer,
    isTLS: Bool,
    sni: String?
  ) -> EventLoopFuture<Void> {
    channel.close()
  }
}
