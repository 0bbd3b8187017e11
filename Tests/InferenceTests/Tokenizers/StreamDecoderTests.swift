import Testing

@testable import Inference

@Suite struct StreamDecoderTests {
  private func streamed(_ bytes: [UInt8], by size: Int) -> [String] {
    var decoder = StreamDecoder()
    var parts = stride(from: 0, to: bytes.count, by: size).map { start in
      decoder.append(bytes[start..<min(start + size, bytes.count)])
    }
    parts.append(decoder.finish())
    return parts
  }

  @Test(arguments: 1...5)
  func `no character is split, whatever the pieces`(size: Int) {
    let text = "a é 你好 👩‍🚀 \u{10FFFF}\u{FFFD} ende"
    let parts = streamed(Array(text.utf8), by: size)
    #expect(parts.joined().utf8.elementsEqual(text.utf8))
    #expect(parts.joined().unicodeScalars.filter { $0 == "\u{FFFD}" }.count == 1)
  }

  @Test func `a character comes with its last byte`() {
    #expect(streamed(Array("é👩".utf8), by: 1) == ["", "é", "", "", "", "👩", ""])
  }

  @Test(arguments: 1...4)
  func `bytes that are no text are replaced as in the whole`(size: Int) {
    var random = SplitMix(seed: 8)
    let bytes: [UInt8] = [0xF0, 0x9F, 0x98, 0x80, 0xE4, 0xED, 0xA0, 0xC3, 0x41, 0xFF, 0xC0, 0xF4]
    for _ in 0..<2000 {
      let text = (0..<12).map { _ in bytes[Int(random.next() % 12)] }
      let whole = String(decoding: text, as: UTF8.self)
      #expect(streamed(text, by: size).joined().utf8.elementsEqual(whole.utf8))
    }
  }

  @Test func `what cannot become a character is not held back`() {
    var decoder = StreamDecoder()
    #expect(decoder.append([0xFF]) == "\u{FFFD}")
    #expect(decoder.append([0xED, 0xA0]) == "\u{FFFD}\u{FFFD}")
    #expect(decoder.append([0xE2, 0x82]) == "" && decoder.isPending)
    #expect(decoder.finish() == "\u{FFFD}" && !decoder.isPending)
  }
}
