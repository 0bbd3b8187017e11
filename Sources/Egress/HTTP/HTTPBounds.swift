package import NIOCore

/// Times and sizes that nothing on an inspected connection exceeds.
package struct HTTPBounds: Sendable {
  var head = HeadBounds()
  /// For a whole head, from the connection's start or the end of the answer before.
  package var headTime: TimeAmount = .seconds(60)
  /// Without a byte in either direction while a request is under way.
  package var bodyTime: TimeAmount = .minutes(15)
  /// For the handshake with a server.
  package var handshakeTime: TimeAmount = .seconds(30)
  /// A connection to a server that serves nobody is kept for so long.
  package var idleUpstream: TimeAmount = .seconds(20)
  /// Connections to one server at a time.
  package var upstreams = 256
  /// Requests that wait for one of them.
  package var waiting = 1024
  /// Of these, kept while they serve nobody.
  package var idleUpstreams = 32
  /// Read and thrown away after an answer that came before the request's body.
  package var drained = 256 << 20
  /// A body that is looked into as a whole: where a secret is bound to a field of it.
  package var gathered = 1 << 20
  /// The commands of a push.
  package var pushCommands = 64 << 10
  /// Of a push, commands included, while its pack is looked into.
  package var pushHeld = 8 << 20
  /// Pushes of a run that are held back at a time.
  package var pushesHeld = 4
  /// How many times larger a body may become by decoding.
  package var inflation = 200
  /// Requests of one connection of HTTP/2 at a time.
  package var streams = 100
  /// The same, of all connections together: each may have a window full of its body waiting.
  package var allStreams = 1024
  /// Pieces of bodies that wait on one connection of HTTP/2, however short they are.
  package var pieces = 8192

  package init() {}
}
