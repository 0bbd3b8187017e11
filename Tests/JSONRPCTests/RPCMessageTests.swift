import Dialects
import Testing

@testable import JSONRPC

struct RPCMessageTests {
  private static let accepted: [(String, String)] = [
    (#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request 1 ping"),
    (#"{"jsonrpc":"2.0","id":-7,"method":"ping","params":{}}"#, "request -7 ping {}"),
    (#"{"jsonrpc":"2.0","id":"a","method":"x/y"}"#, "request 'a' x/y"),
    (#"{"jsonrpc":"2.0","id":"","method":"x","params":null}"#, "request '' x"),
    (#" { "method" : "n" , "jsonrpc" : "2.0" } "#, "notification n"),
    (#"{"jsonrpc":"2.0","method":"n","params":{"a":[1]}}"#, #"notification n {"a":[1]}"#),
    (#"{"jsonrpc":"2.0","id":3,"result":{}}"#, "result 3 {}"),
    (#"{"jsonrpc":"2.0","id":3,"result":{"a":1},"more":2}"#, #"result 3 {"a":1}"#),
    (#"{"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"no"}}"#, "error 3 -32601 no"),
    (#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#, "error - 1 "),
    (#"{"jsonrpc":"2.0","error":{"code":1,"message":"m","data":[]}}"#, "error - 1 m"),
    (
      #"{"jsonrpc":"2.0","id":1,"result":{"t":"half \ud83d of one"}}"#,
      #"result 1 {"t":"half \ud83d of one"}"#
    ),
  ]

  @Test(arguments: accepted)
  func `a message is read`(text: String, meaning: String) throws {
    #expect(try Self.meaning(RPCMessage.parse(frame(text))) == meaning)
  }

  private static let refused: [(String, WireError)] = [
    (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, .batch),
    ("[]", .batch),
    (
      #"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
      .malformed(JSONError(.duplicateKey, at: 25))
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"\u0069d":2,"method":"ping"}"#,
      .malformed(JSONError(.duplicateKey, at: 25))
    ),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":{"b":1,"b":1}}}"#,
      .malformed(JSONError(.duplicateKey, at: 59))
    ),
    (#"{"id":1,"method":"ping"}"#, .notAMessage(.version)),
    (#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, .notAMessage(.version)),
    (#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, .notAMessage(.version)),
    (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}"#, .notAMessage(.id)),
    (
      #"{"jsonrpc":"2.0","id":"\#(String(repeating: "i", count: 257))","method":"p"}"#,
      .notAMessage(.id)
    ),
    (#"{"jsonrpc":"2.0","result":{}}"#, .notAMessage(.id)),
    (#"{"jsonrpc":"2.0","id":1,"method":7}"#, .notAMessage(.method)),
    (#"{"jsonrpc":"2.0","id":1,"method":""}"#, .notAMessage(.method)),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#, .notAMessage(.params)),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, .notAMessage(.params)),
    (#"{"jsonrpc":"2.0","id":1,"result":[]}"#, .notAMessage(.result)),
    (#"{"jsonrpc":"2.0","id":1,"result":null}"#, .notAMessage(.result)),
    (#"{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}"#, .notAMessage(.error)),
    (#"{"jsonrpc":"2.0","id":1,"error":{"code":1}}"#, .notAMessage(.error)),
    (
      #"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}"#,
      .notAMessage(.several)
    ),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#, .notAMessage(.several)),
    (#"{"jsonrpc":"2.0","id":1}"#, .notAMessage(.nothing)),
    ("7", .malformed(JSONError(.notAnObject, at: 0))),
    ("", .malformed(JSONError(.empty, at: 0))),
    (#"{"jsonrpc":"2.0","id":1,"method":"m"} {}"#, .malformed(JSONError(.unexpected, at: 38))),
    (
      #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":01}}"#,
      .malformed(JSONError(.badNumber, at: 51))
    ),
  ]

  @Test(arguments: refused)
  func `what is no message is refused, and why is told`(text: String, error: WireError) {
    #expect(throws: error) { try RPCMessage.parse(frame(text)) }
  }

  @Test func `a result that is null is one where the protocol has such`() throws {
    let null = frame(#"{"jsonrpc":"2.0","id":1,"result":null}"#)
    #expect(try Self.meaning(RPCMessage.parse(null, allowsNull: true)) == "result 1 null")
    #expect(throws: WireError.notAMessage(.result)) {
      try RPCMessage.parse(frame(#"{"jsonrpc":"2.0","id":1,"result":7}"#), allowsNull: true)
    }
  }

  @Test func `text that is not UTF-8 is refused`() {
    let bytes = frame(#"{"jsonrpc":"2.0","id":1,"method":"m"#) + [0xC0, 0xAF] + frame(#""}"#)
    #expect(throws: WireError.malformed(JSONError(.badUTF8, at: 35))) {
      try RPCMessage.parse(bytes)
    }
  }

  @Test func `length, depth and number of values have bounds`() throws {
    var bounds = WireBounds()
    bounds.length = 100
    bounds.depth = 4
    bounds.values = 20
    func parse(_ params: String) throws {
      _ = try RPCMessage.parse(
        frame(#"{"jsonrpc":"2.0","method":"m","params":{"a":\#(params)}}"#),
        bounds: bounds
      )
    }
    try parse("[[1]]")
    #expect(throws: WireError.malformed(JSONError(.tooDeep, at: 46))) { try parse("[[[1]]]") }
    #expect(throws: WireError.self) { try parse("[1,2,3,4,5,6,7,8,9,10,11,12,13]") }
    #expect(throws: WireError.tooLong(atMost: 100)) {
      try parse("\"\(String(repeating: "x", count: 80))\"")
    }
  }

  @Test func `lines are cut, and none is longer than its bound`() throws {
    var reader = LineReader(bound: 8)
    #expect(try reader.receive(frame("ab\r\ncd")) == [frame("ab")])
    #expect(try reader.receive(frame("e\n\n  \n12345678\n")) == [frame("cde"), frame("12345678")])
    #expect(try reader.receive(frame("12345678")) == [])
    #expect(throws: WireError.tooLong(atMost: 8)) { try reader.receive(frame("9")) }
    var other = LineReader(bound: 8)
    #expect(throws: WireError.tooLong(atMost: 8)) { try other.receive(frame("123456789\n")) }
  }

  @Test func `canonical text has one form`() throws {
    func canonical(_ text: String) throws -> String {
      CanonicalJSON.text(try JSONDocument(frame(text)).root)
    }
    #expect(
      try canonical(#"{ "b" : [1, 2.50, {"y":null,"x":true}], "a" : "\u00e9\/\n" }"#)
        == #"{"a":"é/\n","b":[1,2.50,{"x":true,"y":null}]}"#
    )
    #expect(try canonical(#"{"é":1,"z":2,"A":3}"#) == #"{"A":3,"z":2,"é":1}"#)
  }

  static func meaning(_ message: RPCMessage) -> String {
    func id(_ id: RequestID) -> String {
      switch id {
      case .number(let number): "\(number)"
      case .text(let text): "'\(text)'"
      }
    }
    func params(_ json: JSON?) -> String { json.map { " \($0.raw.text)" } ?? "" }
    return switch message {
    case .request(let number, let method, let json):
      "request \(id(number)) \(method)\(params(json))"
    case .notification(let method, let json): "notification \(method)\(params(json))"
    case .result(let number, let json): "result \(id(number)) \(json.raw.text)"
    case .failure(let number, let error):
      "error \(number.map(id) ?? "-") \(error.code) \(error.message)"
    }
  }
}

private func frame(_ text: String) -> [UInt8] { Array(text.utf8) }
