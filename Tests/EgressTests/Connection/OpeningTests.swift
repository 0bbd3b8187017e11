import Testing

@testable import Egress

@Suite struct OpeningTests {
  private func kind(_ opening: Opening) -> Refusal.Kind? {
    if case .refused(let refusal) = opening { refusal.kind } else { nil }
  }

  @Test func `a handshake must ask for the place's own name`() {
    let bytes = HelloText.hello(name: "a.test")
    #expect(Opening.judge(bytes, host: "a.test", isPassed: true) == .tls(serverName: "a.test"))
    #expect(kind(Opening.judge(bytes, host: "b.test", isPassed: true)) == .denied)
    let nameless = HelloText.hello(name: nil)
    #expect(kind(Opening.judge(nameless, host: "a.test", isPassed: false)) == .denied)
  }

  @Test func `a hidden name is refused only where nobody looks inside`() {
    let bytes = HelloText.hello(name: "a.test", extensions: [(0xFE0D, [])])
    #expect(kind(Opening.judge(bytes, host: "a.test", isPassed: true)) == .denied)
    #expect(Opening.judge(bytes, host: "a.test", isPassed: false) == .tls(serverName: "a.test"))
  }

  @Test func `what does not begin as TLS is plain`() {
    #expect(Opening.judge([], host: "a.test", isPassed: true) == .more)
    #expect(Opening.judge(Array("SSH-2.0".utf8), host: "a.test", isPassed: true) == .plain)
  }

  @Test func `on a shared address the client says which name it means`() {
    let request = Array("GET / HTTP/1.1\r\nHost: A.wild.test:8080\r\n\r\n".utf8)
    #expect(Opening.name(request, below: "*.wild.test") == .name("a.wild.test"))
    #expect(Opening.name(Array(request.dropLast(2)), below: "*.wild.test") == .more)
    let hello = HelloText.hello(name: "b.wild.test")
    #expect(Opening.name(hello, below: "*.wild.test") == .name("b.wild.test"))
    #expect(Opening.name(Array("SSH-2.0-x\r\n".utf8), below: "*.wild.test") == .none)
    let twice = Array("GET / HTTP/1.1\r\nHost: a.wild.test\r\nHost: b.wild.test\r\n\r\n".utf8)
    guard case .refused = Opening.name(twice, below: "*.wild.test") else {
      Issue.record("two names were taken for one")
      return
    }
  }

  @Test func `the first line tells requests from everything else, however it is spelt`() {
    let requests = [
      "GET / HTTP/1.1\r\n", "\r\n \t\nfoo /x http/1.0\n", "A\u{0B}/\u{0C}Http/1.1",
      "PRI * HTTP/2.0\r\n",
      "X y  HTTP/", "GET /HTTP/ HTTP/1.1", "GET HTTP HTTP/9",
    ]
    for text in requests {
      #expect(FirstLine(text.utf8).reading == .request, "\(text)")
      var slow = FirstLine()
      for byte in text.utf8 { slow.read([byte]) }
      #expect(slow.reading == .request, "\(text), byte by byte")
    }
    #expect(FirstLine([0x85] + "GET\u{20}/".utf8 + [0xA0] + "HTTP/".utf8).reading == .request)
    for text in [
      "EHLO x\r\n", "SSH-2.0-x\r\nGET / HTTP/1.1", "GET key\r\n", "\u{16}\u{3} HTTP/1.1",
    ] {
      #expect(FirstLine(text.utf8).reading == .other, "\(text)")
    }
    for text in ["", "\r\n", "GET / HTTP", "AMQP\0\0", "x"] {
      #expect(FirstLine(text.utf8).reading == .open, "\(text)")
    }
  }
}
