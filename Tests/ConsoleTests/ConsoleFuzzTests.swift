import Foundation
import NIOHTTP1
import Testing

/// Bodies and addresses that nobody meant.
@Suite(.timeLimit(.minutes(3))) struct ConsoleFuzzTests {
  /// Numbers that are the same each time.
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  private static let paths = ["/v1/assignments", "/v1/schedules", "/v1/approvals/last"]

  @Test(arguments: 1...3) func `a changed body is refused, or is an order`(
    seed: UInt64
  ) async throws {
    try await TestConsole.with { console in
      var random = Seeded(state: seed)
      let order = Array(try console.order(["every": 60, "budget": 1, "turns": 3]).utf8)
      for _ in 0..<300 {
        var bytes = order
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0 where !bytes.isEmpty: bytes[place] = .random(in: 0...255, using: &random)
          case 1 where !bytes.isEmpty: bytes.remove(at: place)
          case 2: bytes.insert(contentsOf: Array("\"[{}]:,9\\".utf8), at: min(place, bytes.count))
          default: bytes = Array(bytes.prefix(place))
          }
        }
        let path = Self.paths.randomElement(using: &random) ?? ""
        let answer = try await console.ask(.POST, path, bytes: bytes)
        #expect([201, 400, 404, 413, 422].contains(answer.status), "\(answer.status)")
        #expect(answer.status == 201 || answer.message?.isEmpty == false)
      }
      #expect(try await console.ask(.GET, "/v1/health").status == 200)
    }
  }

  @Test func `deep, large and endless bodies are bounded`() async throws {
    try await TestConsole.with { console in
      let deep = String(repeating: "[", count: 100_000)
      let unended = try await console.ask(.POST, "/v1/assignments", deep)
      #expect(unended.status == 400)
      let nested = #"{"text":"# + deep + String(repeating: "]", count: 100_000) + "}"
      #expect(try await console.ask(.POST, "/v1/assignments", nested).status == 400)
      let large = [UInt8](repeating: 0x20, count: 4 << 20)
      let refused = try? await console.ask(.POST, "/v1/assignments", bytes: large)
      #expect(refused.map { $0.status == 413 } ?? true)
      #expect(try await console.ask(.GET, "/v1/health").status == 200)
    }
  }

  @Test func `an address of any bytes is answered`() async throws {
    try await TestConsole.with { console in
      var random = Seeded(state: 7)
      let parts = [
        "v1", "assignments", "last", "steps", "approvals", "%00", "..", "%FF", "?", "&", "=",
      ]
      for _ in 0..<300 {
        let path = (0..<Int.random(in: 1...6, using: &random)).map { _ in
          parts.randomElement(using: &random) ?? ""
        }.joined(separator: "/")
        let answer = try await console.ask(.GET, "/" + path)
        #expect([200, 400, 404, 405, 409].contains(answer.status), "\(path): \(answer.status)")
      }
    }
  }
}
