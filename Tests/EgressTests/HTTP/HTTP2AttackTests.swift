import CLinux
import Foundation
import Testing

@testable import Egress

/// What is known to bring servers of HTTP/2 down, done to the built `caisson-egress`: it goes on
/// serving, in little memory and little time.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(15))) struct HTTP2AttackTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var connections = 1
    /// Whether the client takes what is answered.
    var listens = true
    let bytes: @Sendable (_ authority: String) -> [UInt8]
  }

  static let attacks = [
    Attack(testDescription: "streams that are reset at once") { host in
      streams(20_000) {
        FrameText.frame(.headers, flags: 5, stream: $0, get(host))
          + FrameText.frame(.reset, stream: $0, FrameText.number(8))
      }
    },
    Attack(testDescription: "streams that are denied and reset at once") { host in
      streams(20_000) {
        FrameText.frame(.headers, flags: 5, stream: $0, get(host, "/no"))
          + FrameText.frame(.reset, stream: $0, FrameText.number(8))
      }
    },
    Attack(testDescription: "streams that break a rule, to be reset by the server") { host in
      streams(20_000) {
        FrameText.frame(.headers, flags: 5, stream: $0, get(host))
          + FrameText.frame(.windowUpdate, stream: $0, FrameText.number(0))
      }
    },
    Attack(testDescription: "a head that never ends") { host in
      FrameText.frame(.headers, stream: 1, get(host))
        + repeated(100_000, FrameText.frame(.continuation, stream: 1, FrameText.field("a", "b")))
    },
    Attack(testDescription: "a head that never ends, in frames of nothing") { host in
      FrameText.frame(.headers, stream: 1, get(host))
        + repeated(500_000, FrameText.frame(.continuation, stream: 1))
    },
    Attack(testDescription: "settings without end, and no ear", listens: false) { _ in
      repeated(200_000, FrameText.settings([(4, 65_535), (1, 0), (1, 4_096)]))
    },
    Attack(testDescription: "pings without end, and no ear", listens: false) { _ in
      repeated(200_000, FrameText.frame(.ping, [1, 2, 3, 4, 5, 6, 7, 8]))
    },
    Attack(testDescription: "priorities without end") { _ in
      streams(200_000) { FrameText.frame(.priority, stream: $0, FrameText.number(0) + [255]) }
    },
    Attack(testDescription: "one entry of the table, named a million times") { host in
      let large = FrameText.field("x-large", String(repeating: "a", count: 3_900), .indexed)
      return FrameText.frame(.headers, flags: 5, stream: 1, get(host) + large)
        + streams(64, from: 3) {
          FrameText.frame(
            .headers,
            flags: 5,
            stream: $0,
            get(host) + repeated(16_000, FrameText.entry(62))
          )
        }
    },
    Attack(testDescription: "data without a byte") { host in
      FrameText.frame(.headers, flags: 4, stream: 1, post(host))
        + repeated(500_000, FrameText.frame(.data, stream: 1))
    },
    Attack(testDescription: "windows that are opened byte by byte") { _ in
      repeated(500_000, FrameText.frame(.windowUpdate, FrameText.number(1)))
    },
    Attack(testDescription: "bodies that nobody takes", connections: 8) { host in
      streams(100) {
        FrameText.frame(.headers, flags: 4, stream: $0, post(host))
      }
        + streams(100) { stream in
          repeated(
            15,
            FrameText.frame(.data, stream: stream, [UInt8](repeating: 0x61, count: 16_384))
          )
        }
    },
    Attack(testDescription: "bodies that nobody takes, byte by byte", connections: 8) { host in
      streams(100) {
        FrameText.frame(.headers, flags: 4, stream: $0, post(host))
      } + streams(100) { repeated(60_000, FrameText.frame(.data, stream: $0, [0x61])) }
    },
  ]

  @Test(arguments: attacks) func `is outlived`(_ attack: Attack) throws {
    // It takes connections, and no byte.
    let silent = try Loopback.listen(datagram: false, version6: false)
    let process = try EgressProcess()
    defer { _ = cl_close(silent.descriptor) }
    try process.serve(
      """
      version: 1
      network:
        - host: api.test
          ports: [\(silent.port)]
          addresses: [127.0.0.1]
          rules: [{ allow: "* /ok" }]
      """
    )
    let host = "api.test:\(silent.port)"
    let bytes = attack.bytes(host)
    let before = try usage(of: process)
    let clients = try (0..<attack.connections).map { _ in
      try HTTP2Client(process, host, listens: attack.listens)
    }
    for client in clients { client.send(FrameText.preface + FrameText.settings([]) + bytes) }
    // Until all has gone, the connection has been closed, or nothing is taken any more.
    for client in clients { client.awaitRest() }
    // Whoever comes after is answered.
    let next = try HTTP2Client(process, host)
    next.send(
      FrameText.preface + FrameText.settings([])
        + FrameText.frame(.headers, flags: 5, stream: 1, Self.get(host, "/no"))
    )
    #expect(next.hears("\"remedy\""))
    let after = try usage(of: process)
    #expect(after.resident - before.resident < 96 << 10)
    // Hundredths of a second, without optimisation and on a busy machine; seconds otherwise.
    #expect(after.ticks - before.ticks < 3_000)
  }

  @Test func `a client's table of fields is not filled, however large it may be`() throws {
    let process = try EgressProcess()
    try process.serve(
      "version: 1\nnetwork: [{ host: api.test, rules: [{ allow: \"GET /ok\" }] }]"
    )
    let client = try HTTP2Client(process, "api.test:443")
    client.send(FrameText.preface + FrameText.settings([(1, .max)]))
    for number: UInt32 in 0..<3 {
      client.send(
        FrameText.frame(
          .headers,
          flags: 5,
          stream: 2 * number + 1,
          FrameText.request("/no\(number)")
        )
      )
      #expect(client.hears("/no\(number)"))
    }
    // What stands in a table is a byte.
    let lengths = client.headLengths
    #expect(lengths.count == 3)
    #expect(lengths.allSatisfy { $0 > 60 }, "\(lengths)")
  }

  /// The most kibibytes that it ever had, and hundredths of a second of a processor.
  private func usage(of process: EgressProcess) throws -> (resident: Int, ticks: Int) {
    let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    let stat = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
    let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
    return (
      try #require(Int(line.filter(\.isNumber))),
      try #require(Int(fields[11])) + (try #require(Int(fields[12])))
    )
  }

  private static func get(_ host: String, _ path: String = "/ok") -> [UInt8] {
    FrameText.request(path, authority: host)
  }

  private static func post(_ host: String) -> [UInt8] {
    FrameText.request("/ok", method: "POST", authority: host)
  }

  private static func repeated(_ count: Int, _ bytes: [UInt8]) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(count * bytes.count)
    for _ in 0..<count { all += bytes }
    return all
  }

  private static func streams(
    _ count: Int,
    from first: UInt32 = 1,
    _ bytes: (UInt32) -> [UInt8]
  ) -> [UInt8] {
    (0..<count).flatMap { bytes(first + 2 * UInt32($0)) }
  }
}
