import NIOCore
import NIOPosix
import Testing

@testable import Egress

/// Pushes of which nothing goes on before their packs are read.
@Suite(.timeLimit(.minutes(4))) struct HeldPushTests {
  private static let entry = "git: \(InspectedRun.host)/acme/app, push: [\"caisson/*\"]"

  private static func line(_ text: String) -> String {
    let length = String(text.utf8.count + 4, radix: 16)
    return String(repeating: "0", count: 4 - length.count) + length + text
  }

  /// A push that moves a branch of others, as bytes on the wire.
  private static func request(_ pack: [UInt8], port: UInt16, length: Int? = nil) -> [UInt8] {
    let old = String(repeating: "a", count: 40)
    let new = String(repeating: "b", count: 40)
    let commands = line("\(old) \(new) refs/heads/caisson/x\0 report-status side-band-64k") + "0000"
    let body = Array(commands.utf8) + pack
    return Array(
      """
      POST /acme/app.git/git-receive-pack HTTP/1.1\r
      Host: \(InspectedRun.host):\(port)\r
      Content-Length: \(length ?? body.count)\r
      \r\n
      """.utf8
    ) + body
  }

  private static let empty = Array("PACK\0\0\0\u{2}\0\0\0\0".utf8)

  @Test(arguments: [
    (empty, "does not come with the push"), ([], "does not come with the push"),
    (Array("PACK\0\0\0\u{2}\0\0\0\u{1}".utf8), "malformed: it ends early"),
    (Array("GIF89a; no pack at all".utf8), "malformed: it does not begin as a pack does"),
  ])
  func `a push whose pack shows nothing is refused in git's words`(
    pack: [UInt8],
    reason: String
  ) async throws {
    try await InspectedRun.with("", isTLS: false, git: Self.entry) { run in
      let answer = try await run.raw(
        Self.request(pack, port: run.port),
        until: "ng refs/heads/caisson/x refused by Caisson"
      )
      #expect(answer.contains(reason), "\(answer)")
      #expect(run.upstream.asked.isEmpty)
      #expect(run.audit.all.map(\.verdict) == [.denied])
    }
  }

  @Test func `only so many pushes are held back, and one that breaks off makes room`() async throws
  {
    var bounds = HTTPBounds()
    bounds.pushesHeld = 1
    try await InspectedRun.with("", isTLS: false, bounds: bounds, git: Self.entry) { run in
      let head = Array("PACK\0\0\0\u{2}\0\0\0\u{9}".utf8)
      let waiting = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: Int(run.port)).get()
      let request = Self.request(head, port: run.port, length: 5000)
      try await waiting.writeAndFlush(ByteBuffer(bytes: request))
      for reason in ["1 pushes of the run wait", "does not come with the push"] {
        var answer = ""
        while !answer.contains(reason) {
          answer = try await run.raw(
            Self.request(Self.empty, port: run.port),
            until: "refused by Caisson"
          )
        }
        try? await waiting.close()
      }
      #expect(run.upstream.asked.isEmpty)
    }
  }
}
