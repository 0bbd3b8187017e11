import Testing

@testable import Policy

struct ValueTests {
  @Test(arguments: [
    ("2.00 USD", 2_000_000_000_000), ("0.000000000001 USD", 1), ("0 USD", 0),
    ("1000000 USD", 1_000_000_000_000_000_000), ("0.5USD", 500_000_000_000),
  ])
  func `money is read to the pico-dollar`(text: String, pico: Int64) throws {
    #expect(try Money(parsing: text).picoDollars == pico)
  }

  @Test(arguments: [
    "", "USD", "-1 USD", "1e3 USD", "1,5 USD", "1.0000000000001 USD", "1000000.01 USD", "$2",
    "99999999999999999999 USD", "2 usd", "２ USD", "1. USD", ".5 USD",
  ])
  func `what is not money is refused`(text: String) {
    #expect(throws: ValueProblem.self) { try Money(parsing: text) }
  }

  @Test(arguments: [1, 10, 999_999_999_999, 2_000_000_000_000, 1_234_567_890_123, 0])
  func `money reads back from its own text`(pico: Int64) throws {
    let money = Money(picoDollars: pico)
    #expect(try Money(parsing: money.text) == money)
  }

  @Test(arguments: [
    ("1h30m", 5400.0), ("45s", 45), ("500ms", 0.5), ("1d", 86400), ("365d", 31_536_000),
    ("1h1m1s1ms", 3661.001),
  ])
  func `durations are sums of descending units`(text: String, seconds: Double) throws {
    #expect(try Limits.seconds(parsing: text) == seconds)
    #expect(try Limits.seconds(parsing: Limits.text(seconds: seconds)) == seconds)
  }

  @Test(arguments: [
    ("4GiB", 4 << 30), ("1B", 1), ("1536 MiB", 1536 << 20), ("1048576TiB", 1 << 60),
  ])
  func `sizes are whole numbers of binary units`(text: String, bytes: UInt64) throws {
    #expect(try Limits.bytes(parsing: text) == bytes)
    #expect(try Limits.bytes(parsing: Limits.text(bytes: bytes)) == bytes)
  }

  @Test(arguments: [
    ("2", 2.0, "2"), ("0.5", 0.5, "0.5"), ("1.25", 1.25, "1.25"), ("0.010", 0.01, "0.01"),
  ])
  func `cores have up to three decimals`(text: String, cores: Double, again: String) throws {
    #expect(try Limits.cores(parsing: text) == cores)
    #expect(Limits.text(cores: cores) == again)
  }

  @Test(arguments: [
    ("api.example.com", "api.example.com", true), ("API.example.com", "api.example.com", true),
    ("*.example.com", "a.example.com", true), ("*.example.com", "example.com", false),
    ("*.example.com", "a.b.example.com", false), ("*.example.com", ".example.com", false),
    ("example.com", "notexample.com", false), ("a.*.example.com", "a.b.example.com", true),
  ])
  func `a star is exactly one label`(pattern: String, name: String, matches: Bool) throws {
    #expect(try HostPattern(parsing: pattern).matches(name) == matches)
  }

  @Test(arguments: [
    "127.0.0.1", "2130706433", "0x7f000001", "0177.1", "127.1", "[::1]", "::1", "1.2.3.0x4",
    "fd00::1", "0x", "999",
  ])
  func `addresses are known in every spelling`(text: String) {
    #expect(isAddressLiteral(text))
  }

  @Test(arguments: ["example.com", "0xcafe.example", "1password.com", "3com.net", "a1.b2"])
  func `names are not taken for addresses`(text: String) {
    #expect(!isAddressLiteral(text))
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.0.0.0/8"), ("fd00::/8", "fd00::/8"), ("::1/128", "::1/128"),
    ("2001:0DB8:0:0:1:0:0:0/80", "2001:db8:0:0:1::/80"), ("192.168.1.7/32", "192.168.1.7/32"),
  ])
  func `ranges have one spelling`(text: String, canonical: String) throws {
    #expect(try AddressRange(parsing: text).text == canonical)
    #expect(try AddressRange(parsing: canonical).text == canonical)
  }

  @Test func `a range knows its addresses`() throws {
    let range = try AddressRange(parsing: "10.16.0.0/12")
    #expect(range.contains([10, 31, 255, 255]))
    #expect(!range.contains([10, 32, 0, 0]))
    #expect(!range.contains([UInt8](repeating: 0, count: 16)))
  }

  @Test(arguments: [
    "1.2.3", "01.2.3.4", "1.2.3.256", "1:2:3:4:5:6:7:8:9", ":::", "1::2::3", "g::", "12345::",
    "1:2:3:4:5:6:7:", "", ":", "+1::",
  ])
  func `what is not an address is none`(text: String) {
    #expect(AddressRange.address(text) == nil)
  }

  @Test(arguments: [
    ("$WORKSPACE/./a//b/", "$WORKSPACE/a/b"), ("/usr/", "/usr"), ("//usr///lib", "/usr/lib"),
    ("$HOME", "$HOME"), ("/a b", "/a b"), ("$HOME/x?", "$HOME/x"),
  ])
  func `paths are kept in their shortest form`(text: String, shortest: String) throws {
    #expect(try PathRule(parsing: text, in: .read, line: 1).text == shortest)
  }

  @Test func `the nearest word counts swapped neighbours once`() {
    #expect(nearest(to: "memroy", in: ["memory", "wall"]) == "memory")
    #expect(nearest(to: "xyz", in: ["memory", "wall"]) == nil)
  }

  @Test func `a text in a message cannot move the cursor`() {
    #expect(quoted("a\u{1B}[2Jb\u{202E}") == "'a\\u{1B}[2Jb\\u{202E}'")
  }
}
