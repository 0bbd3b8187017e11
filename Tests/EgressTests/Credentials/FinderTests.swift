import NIOCore
import NIOHTTP1
import Testing

@testable import Egress

@Suite struct FinderTests {
  @Test(arguments: 0..<4) func `finds what a plain search finds`(seed: UInt64) {
    var random = SplitMix(seed: seed + 1)
    for _ in 0..<500 {
      let patterns = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
          UInt8.random(in: 0x61...0x63, using: &random)
        }
      }
      let text = (0..<40).map { _ in UInt8.random(in: 0x61...0x63, using: &random) }
      let found = Finder(patterns).first(in: text.span)
      let expected = text.indices.first { start in
        patterns.contains { text[start...].starts(with: $0) }
      }
      #expect(found?.range.lowerBound == expected)
      if let found {
        let length = patterns.filter { text[found.range.lowerBound...].starts(with: $0) }
          .map(\.count).max()
        #expect(found.range.count == length)
      }
    }
  }

  static func secret(_ value: String = "s3cr3t-value-0001") throws -> Secret {
    try Secret(name: "TOKEN", placeholder: "caisson_TOKEN_0123456789", value: value, bindings: [])
  }

  @Test(arguments: [1, 2, 5, 64])
  func `takes a value out however the answer is cut`(step: Int) throws {
    let encoded = "user:s3cr3t-value-0001"
    let base64 = "dXNlcjpzM2NyM3QtdmFsdWUtMDAwMQ=="
    let text = "a s3cr3t-value-0001 b \(encoded) c s3cr3t-value-000 \(base64) s3cr3t-value-0001"
    var redactor = Redactor([try Self.secret()])
    var clean = ""
    var left = text.utf8[...]
    while !left.isEmpty {
      clean += String(buffer: redactor.redact(ByteBuffer(bytes: left.prefix(step))))
      left = left.dropFirst(step)
    }
    clean += String(buffer: redactor.end())
    #expect(!clean.contains("s3cr3t-value-0001"))
    #expect(!clean.contains("zM2NyM3QtdmFsdWUtM"))
    #expect(clean.hasPrefix("a [redacted:TOKEN] b user:[redacted:TOKEN] c s3cr3t-value-000 "))
    #expect(clean.hasSuffix(" [redacted:TOKEN]"))
  }

  @Test func `holds back no more than what may go on`() throws {
    var redactor = Redactor([try Self.secret()])
    #expect(String(buffer: redactor.redact(ByteBuffer(string: "data: one\n\n"))) == "data: one\n\n")
    #expect(String(buffer: redactor.redact(ByteBuffer(string: "two s3c"))) == "two ")
    #expect(String(buffer: redactor.redact(ByteBuffer(string: "ond"))) == "s3cond")
  }

  @Test func `sees a placeholder across a seam`() throws {
    let table = SecretTable([try Self.secret()])
    var spotter = try #require(table.spotter())
    #expect(spotter.find(in: ByteBuffer(string: "x caisson_TOKEN_01234")) == nil)
    #expect(spotter.find(in: ByteBuffer(string: "5")) == nil)
    #expect(spotter.find(in: ByteBuffer(string: "6789 y")) == "TOKEN")
  }

  @Test func `swaps in one field of JSON, and in no other`() {
    let body = Array(#"{"a":{"t":"ph_ph_ph_ph"},"t":"x ph_ph_ph_ph","u":["ph"]}"#.utf8)
    let swapped = JSONText.replace(in: body, field: "t", Array("ph_ph_ph_ph".utf8), "v\"1")
    #expect(
      swapped.map { String(decoding: $0, as: UTF8.self) }
        == #"{"a":{"t":"ph_ph_ph_ph"},"t":"x v\"1","u":["ph"]}"#
    )
  }
}
