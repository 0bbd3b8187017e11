import JSONRPC
import Testing

@testable import MCP

struct EventStreamTests {
  @Test func `events are cut as the standard says`() throws {
    let text =
      "\u{FEFF}: hello\r\ndata: one\r\n\r\nid: 7\rdata: two\rdata:three\r\revent: x\ndata\n\n"
      + "retry: 250\nnonsense\n\nid: \u{7}\n\ndata: {\"a\":1}\n\ndata: open"
    for size in [1, 2, 3, 7, 1000] {
      var stream = EventStream()
      var events: [String] = []
      let bytes = frame(text)
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += try stream.receive(bytes[start..<min(start + size, bytes.count)])
          .map { MCPTests.text($0.data) }
      }
      #expect(events == ["one", "two\nthree", "", "{\"a\":1}"])
      #expect(stream.lastID == "7")
      #expect(stream.retry == 250)
    }
  }

  @Test func `an event has a bound, whatever it is made of`() {
    for line in ["data: xxxxxxxxx\n", "x"] {
      var stream = EventStream(bound: 1000)
      #expect(throws: WireError.tooLong(atMost: 1000)) {
        for _ in 0..<2000 { _ = try stream.receive(frame(line)) }
      }
    }
  }
}
