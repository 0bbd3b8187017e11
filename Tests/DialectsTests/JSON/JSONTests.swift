import Testing

@testable import Dialects

@Suite struct JSONTests {
  private func parse(_ text: String, bounds: JSONBounds = .request) throws(JSONError) -> JSON {
    try JSONDocument(Array(text.utf8), bounds: bounds).root
  }

  private func reason(_ bytes: [UInt8], bounds: JSONBounds = .request) -> JSONError.Reason? {
    do throws(JSONError) {
      _ = try JSONDocument(bytes, bounds: bounds)
      return nil
    } catch { return error.reason }
  }

  @Test(arguments: [
    "null", "true", "false", "0", "-0", "12.50", "1e400", "-1.5E-7", "\"\"", "\"a\\\"b\"", "[]",
    "{}", "[1,[2,[3]]]", "{\"a\":{\"b\":[{}]},\"c\":null}", " [ 1 , 2 ] ",
    "\"\\ud83d\\ude00 \\u00e9 \\/\"", "\"Grüße, 世界 😀\"",
  ])
  func `a well-formed text keeps its bytes`(text: String) throws {
    let raw = try parse(text).raw.text
    #expect(text.contains(raw))
    #expect(text.count - raw.count <= 2)
  }

  @Test(
    arguments: [
      ("", .empty), ("  ", .empty), ("nul", .unexpected), ("[1,]", .unexpected),
      ("{\"a\":1,}", .unexpected), ("{a:1}", .unexpected), ("01", .badNumber), ("1.", .badNumber),
      ("-", .badNumber), ("1e", .badNumber), ("+1", .unexpected), ("[1", .endedEarly),
      ("\"a", .endedEarly), ("\"\\x\"", .badEscape), ("\"\\u12g4\"", .badEscape),
      ("\"a\nb\"", .controlCharacter), ("\"\\ud800\"", .loneSurrogate),
      ("\"\\udc00\"", .loneSurrogate), ("\"\\ud800\\u0041\"", .loneSurrogate),
      ("1 2", .unexpected), ("[1}", .unexpected), ("{\"a\" 1}", .unexpected), ("NaN", .unexpected),
      ("{\"a\":1,\"a\":2}", .duplicateKey), ("[{\"x\":{\"a\":1,\"\\u0061\":2}}]", .duplicateKey),
      ("\u{FEFF}{}", .unexpected), ("'a'", .unexpected), ("[1] // no", .unexpected),
    ] as [(String, JSONError.Reason)]
  )
  func `a malformed text is refused with its reason`(text: String, expected: JSONError.Reason) {
    #expect(reason(Array(text.utf8)) == expected)
  }

  @Test(arguments: [
    [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0x22, 0xFF, 0x22],
  ])
  func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
    #expect(reason(bytes) == .badUTF8)
  }

  @Test func `depth, length and number of values have bounds`() {
    var bounds = JSONBounds()
    bounds.depth = 4
    #expect(reason(Array("[[[[]]]]".utf8), bounds: bounds) == nil)
    #expect(reason(Array("[[[[[]]]]]".utf8), bounds: bounds) == .tooDeep)
    #expect(reason(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) == .tooDeep)
    bounds = JSONBounds()
    bounds.length = 3
    #expect(reason(Array("1234".utf8), bounds: bounds) == .tooLong)
    bounds = JSONBounds()
    bounds.values = 3
    #expect(reason(Array("[1,2,3]".utf8), bounds: bounds) == .tooManyValues)
  }

  @Test(arguments: [2, 8, 9, 40, 3000])
  func `a duplicate is found among any number of keys`(count: Int) throws {
    let keys = (0..<count).map { "\"key-\($0)\":\($0)" }
    _ = try parse("{\(keys.joined(separator: ","))}")
    let again = keys + ["\"key-\(count / 2)\":0"]
    #expect(reason(Array("{\(again.joined(separator: ","))}".utf8)) == .duplicateKey)
    let escaped = keys + ["\"\\u006bey-\(count / 2)\":0"]
    #expect(reason(Array("{\(escaped.joined(separator: ","))}".utf8)) == .duplicateKey)
  }

  @Test func `keys whose hashes were made to collide are still told apart`() throws {
    // The hash reads the first and the last eight bytes.
    let keys = (0..<2000).map { "\"aaaaaaaa\(100_000 + $0)bbbbbbbb\":1" }
    _ = try parse("{\(keys.joined(separator: ","))}")
    let again = keys + [keys[77]]
    #expect(reason(Array("{\(again.joined(separator: ","))}".utf8)) == .duplicateKey)
  }

  @Test func `values are found by key, in order, with their text`() throws {
    let json = try parse(#"{"b":1.50,"a":[true,null,"x\ny"],"\u0063":{"d":"e"}}"#)
    #expect(json.members.map { $0.key.string } == ["b", "a", "c"])
    #expect(json["b"]?.number?.text == "1.50")
    #expect(json["a"]?.elements.map { $0.raw.text } == ["true", "null", "\"x\\ny\""])
    #expect(json["c"]?["d"]?.string == "e")
    #expect(json["c"]?["d"]?.equals("e") == true)
    #expect(json["nothing"] == nil)
    #expect(json["b"]?["x"] == nil)
    #expect(json["b"].map { Array($0.elements).isEmpty } == true)
  }

  @Test(
    arguments: [
      ("12", 12), ("12.0", 12), ("1e3", 1000), ("1.5", nil), ("1e400", nil), ("-3", -3),
      ("99999999999999999999", nil), ("9223372036854775807", .max),
    ] as [(String, Int?)]
  )
  func `whole numbers are read from any spelling`(text: String, value: Int?) throws {
    #expect(try parse(text).int == value)
  }

  @Test func `half a surrogate pair in an answer is replaced`() throws {
    #expect(try parse(#""a\ud83d!""#, bounds: .answer).string == "a\u{FFFD}!")
    #expect(try parse(#""\udc00\ud83d\ude00""#, bounds: .answer).string == "\u{FFFD}😀")
  }

  @Test func `what is written reads back`() throws {
    let strings = ["", "plain", "quote \" slash \\ line \n tab \t nul \u{0} bell \u{7}", "世界 😀 é"]
    var writer = JSONWriter()
    writer.object {
      $0.array("strings") { array in for string in strings { array.string(string) } }
      $0.int("n", -7)
      $0.bool("yes", true)
      $0.null("none")
      $0.object("empty") { _ in }
      $0.raw("raw", RawJSON.emptyObject)
    }
    let json = try JSONDocument(writer.bytes).root
    #expect(json["strings"]?.elements.map { $0.string } == strings)
    #expect(json["n"]?.int == -7)
    #expect(json["yes"]?.bool == true)
    #expect(json["none"]?.isNull == true)
    #expect(json["empty"]?.raw.text == "{}")
  }
}
