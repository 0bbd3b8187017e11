import Testing

@testable import Dialects

@Suite struct SplitterTests {
  private struct Frame: Equatable {
    var event: String?
    var data: String

    init(_ data: String, event: String? = nil) {
      self.event = event
      self.data = data
    }

    init(_ frame: StreamFrame) {
      data = String(decoding: frame.data, as: UTF8.self)
      event = frame.event.map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private func frames(_ bytes: [UInt8], _ framing: Dialect.Framing, cuts: [Int]) -> [Frame] {
    var splitter = FrameSplitter(framing)
    var frames: [StreamFrame] = []
    var at = 0
    for cut in cuts + [bytes.count] where cut >= at {
      frames += splitter.receive(bytes[at..<cut]) ?? []
      at = cut
    }
    if let last = splitter.end() { frames.append(last) }
    return frames.map { Frame($0) }
  }

  private static let events: [(String, [Frame])] = [
    ("data: a\n\ndata: b\n\n", [Frame("a"), Frame("b")]),
    ("data: a\r\n\r\ndata:b\r\n\r\n", [Frame("a"), Frame("b")]),
    ("data: a\r\rdata: b\r\r", [Frame("a"), Frame("b")]),
    ("\u{FEFF}data: a\n\n", [Frame("a")]),
    (": ping\n\n: ping\ndata: a\n\n", [Frame("a")]),
    ("event: x\ndata: a\nid: 5\nretry: 1\n\n", [Frame("a", event: "x")]),
    ("data: a\ndata\ndata:  b\n\n", [Frame("a\n\n b")]),
    ("event: lost\n\ndata: a\n\n", [Frame("a")]),
    ("data: a\n", [Frame("a")]),
    ("data: a", [Frame("a")]),
    ("data:\n\n", [Frame("")]),
    ("dat", []), ("", []), ("\n\n\r\n\r\r", []), ("datax: a\n\n", []),
    ("data: ü😀\n\n", [Frame("ü😀")]),
  ]

  @Test(arguments: events.indices)
  private func `events are the same wherever their bytes are cut`(index: Int) {
    let (text, expected) = Self.events[index]
    let bytes = Array(text.utf8)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let result = frames(bytes, .serverSentEvents, cuts: [first, second])
        #expect(result == expected, "cut at \(first) and \(second)")
      }
    }
    let single = frames(bytes, .serverSentEvents, cuts: Array(0...bytes.count))
    #expect(single == expected)
  }

  @Test(
    arguments: [
      ("{\"a\":1}\n{\"b\":2}\n", ["{\"a\":1}", "{\"b\":2}"]),
      ("{\"a\":1}\r\n\n  \n{\"b\":2}", ["{\"a\":1}", "{\"b\":2}"]), ("\n", []), ("", []),
      ("  x\t\n", ["x"]),
    ]
  )
  func `lines are the same wherever their bytes are cut`(text: String, expected: [String]) {
    let bytes = Array(text.utf8)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let result = frames(bytes, .lines, cuts: [first, second]).map(\.data)
        #expect(result == expected, "cut at \(first) and \(second)")
      }
    }
  }

  @Test(arguments: [Dialect.Framing.serverSentEvents, .lines])
  func `a frame that does not end is given up at its bound`(framing: Dialect.Framing) {
    var bounds = StreamBounds()
    bounds.frame = 100
    var splitter = FrameSplitter(framing, bounds: bounds)
    let piece = Array("data: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 44)
    #expect(splitter.receive(piece[...]) == [])
    #expect(splitter.receive(piece[6...]) == [])
    #expect(splitter.receive(piece[...]) == nil)
  }

  @Test func `places say which bytes are a frame's`() throws {
    let text = ": ping\n\ndata: a\n\ndata: b\n\nrest"
    var splitter = FrameSplitter(.serverSentEvents)
    let received = splitter.receive(Array(text.utf8)[...])
    let frames = try #require(received)
    #expect(frames.map(\.place) == [8..<17, 17..<26])
    #expect(splitter.boundary == 26)
  }
}
