import Testing

@testable import Policy

struct CanonicalRequestTests {
  private func path(_ target: String) throws -> String {
    try CanonicalRequest(method: "GET", target: target, scheme: "https", authority: "h").path
  }

  @Test(arguments: [
    ("/", "/"), ("/a/b/", "/a/b/"), ("/%7Euser/%41", "/~user/A"), ("/a%20b", "/a%20b"),
    ("/%e2%82%ac", "/%E2%82%AC"), ("/a%3Fb", "/a%3Fb"), ("/a%23b", "/a%23b"), ("/a|b", "/a%7Cb"),
    ("/100%25", "/100%25"), ("/@scope%40x", "/@scope@x"), ("/a;b=c", "/a;b=c"), ("/...", "/..."),
    ("/.well-known", "/.well-known"), ("https://h/x", "/x"), ("HTTPS://H:443/x", "/x"),
    ("https://h", "/"), ("/a[1]", "/a%5B1%5D"), ("/@s%2fn", "/@s%2Fn"),
  ])
  func `a path has one form`(target: String, expected: String) throws {
    #expect(try path(target) == expected)
    #expect(try path(expected) == expected)
  }

  @Test(arguments: [
    "", "x", "*", "//", "/a//b", "/%2Fb", "/a%2F", "/a%2F%2Fb", "/a%2F..%2Fb", "/a%2f.", "/a%5Cb",
    "/a\\b", "/a/../b", "/a/%2e/b", "/a/.;x/b", "/a/.", "/..",
    "/.", "/%2e%2E/x", "/a/.%2e", "/..;/x", "/.;a=b/x", "/;x", "/a%00", "/a%0a", "/a%7f", "/a%",
    "/a%2", "/a%zz", "/a%252Fb", "/a%2541", "/a%25%34%31", "/%25%41a", "/a b", "/a#b", "/\u{E9}",
    "/%C0%AF",
    "/%ff", "/a\tb",
    "/a\r\nb", "http://h/x", "https://other/x", "https://h:444/x", "https://u@h/x", "ftp://h/x",
    "/a?b=%", "/a?b=%zz", "/a?%u0041",
  ])
  func `what could be read in two ways is refused`(target: String) {
    #expect(throws: RequestProblem.self) { try path(target) }
  }

  @Test(arguments: ["get", "Get", "", "TRACE", "CONNECT", "G ET", "GET\n", "PO$T"])
  func `a method is a word in capitals`(method: String) {
    #expect(throws: RequestProblem.self) {
      try CanonicalRequest(method: method, target: "/", scheme: "https", authority: "h")
    }
  }

  @Test(arguments: ["", "h:", "h:0", "h:65536", "h:4:4", "u@h", "h/x", "h.", ".h", "h h", "[::1]"])
  func `a host is a name and perhaps a port`(authority: String) {
    #expect(throws: RequestProblem.self) {
      try CanonicalRequest(method: "GET", target: "/", scheme: "https", authority: authority)
    }
  }

  @Test func `the fields of a query are decoded, and sent as they came`() throws {
    let request = try CanonicalRequest(
      method: "GET",
      target: "/s?q=a+b%26c&empty&x=1=2&&%C3%A9=%F0",
      scheme: "http",
      authority: "h"
    )
    #expect(request.query.map(\.name) == ["q", "empty", "x", "é"])
    #expect(request.query.map(\.value) == ["a b&c", "", "1=2", "\u{FFFD}"])
    #expect(request.target == "/s?q=a+b%26c&empty&x=1=2&&%C3%A9=%F0")
    #expect(request.port == 80)
  }

  @Test(arguments: [
    "X-HTTP-Method-Override", "x_http_method_override", "X-Original-URL", "Transfer_Encoding",
    "content_length",
  ])
  func `a header that makes another request of it is refused`(name: String) {
    #expect(RequestHeaders.problem([(name: name, value: "DELETE")]) != nil)
    #expect(throws: RequestProblem.self) {
      try CanonicalRequest(
        method: "GET",
        target: "/",
        scheme: "https",
        authority: "h",
        headers: [(name: name, value: "x")]
      )
    }
  }
}
