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
}
