import Dialects
import Foundation
import JSONRPC
import Testing

@testable import MCP

struct ToolPinTests {
  private static let tool = ToolDefinition(
    name: "read",
    title: "Read",
    description: "Reads a file.",
    inputSchema: #"{"type":"object"}"#,
    annotations: #"{"readOnlyHint":true}"#
  )

  private static func changed(_ change: (inout ToolDefinition) -> Void) -> ToolDefinition {
    var tool = tool
    change(&tool)
    return tool
  }

  private static func verdict(_ tool: ToolDefinition) -> PinVerdict? {
    let review = PinReview(
      server: "files",
      tools: [tool],
      pins: [ToolPin(server: "files", Self.tool)]
    )
    return review.entries.first?.verdict
  }

  @Test func `what was approved is the same, and nothing else is`() {
    #expect(Self.verdict(Self.tool) == .same)
    #expect(Self.verdict(Self.changed { $0.description += " " }) == .changed([.description]))
    #expect(Self.verdict(Self.changed { $0.title = nil }) == .changed([.title]))
    #expect(Self.verdict(Self.changed { $0.outputSchema = "{}" }) == .changed([.outputSchema]))
    #expect(
      Self.verdict(
        Self.changed {
          $0.inputSchema = "{}"
          $0.annotations = nil
        }
      ) == .changed([.inputSchema, .annotations])
    )
    #expect(Self.verdict(Self.changed { $0.name = "write" }) == .new)
  }

  @Test func `a pin is for one tool of one server`() {
    let pin = ToolPin(server: "files", Self.tool)
    #expect(pin.digest.utf8.count == 64)
    let other = PinReview(server: "other", tools: [Self.tool], pins: [pin])
    #expect(other.entries.map(\.verdict) == [.new])
    #expect(other.missing.isEmpty)
    #expect(other.approved.isEmpty)
    // Text cannot move from one part to the next and leave the whole the same.
    #expect(
      ToolPin(server: "a", Self.changed { $0.title = "x" }).digest
        != ToolPin(server: "a", Self.changed { $0.title = "x\"" }).digest
    )
    #expect(
      ToolPin(server: "a", Self.changed { $0.title = "" }).digest
        != ToolPin(server: "a", Self.changed { $0.title = nil }).digest
    )
  }

  @Test func `a tool that is gone is missing, and comes back as the same`() {
    let pins = [ToolPin(server: "files", Self.tool)]
    #expect(PinReview(server: "files", tools: [], pins: pins).missing == ["read"])
    let back = PinReview(server: "files", tools: [Self.tool], pins: pins)
    #expect(back.approved == [Self.tool])
    // Somebody approved two forms of it: either will do, and a change is told from the last.
    let both = pins + [ToolPin(server: "files", Self.changed { $0.description = "v2" })]
    #expect(
      PinReview(server: "files", tools: [Self.tool], pins: both).entries.map(\.verdict) == [.same]
    )
  }

  @Test func `a pin survives being stored`() throws {
    let pin = ToolPin(server: "files", Self.tool)
    let data = try JSONEncoder().encode(pin)
    #expect(try JSONDecoder().decode(ToolPin.self, from: data) == pin)
  }

  @Test func `the order of keys and spaces of a server do not change a pin`() throws {
    func pin(_ text: String) throws -> ToolPin {
      guard case .result(_, let result) = try RPCMessage.parse(frame(text)),
        let json = result["tools"]
      else { throw WireError.batch }
      var listing = ToolListing()
      listing.add(json)
      return ToolPin(server: "s", try #require(listing.tools.first))
    }
    let first = #"{"name":"a","description":"é","inputSchema":{"b":1,"a":{"y":2,"x":3}}}"#
    let second =
      #"{ "inputSchema" : {"a":{"x":3,"y":2}, "b":1}, "description":"\u00e9", "name":"a" }"#
    let third = #"{"name":"a","description":"é","inputSchema":{"b":1.0,"a":{"y":2,"x":3}}}"#
    func answer(_ tool: String) -> String {
      #"{"jsonrpc":"2.0","id":1,"result":{"tools":[\#(tool)]}}"#
    }
    #expect(try pin(answer(first)) == pin(answer(second)))
    #expect(try pin(answer(first)) != pin(answer(third)))
  }

  @Test(arguments: ["\u{202E}", "\u{200B}", "\u{E0041}", "\u{1B}[8m", "\u{FE0F}"])
  func `text that a person does not see is noticed`(hidden: String) {
    #expect(Self.changed { $0.description += hidden }.hidesText)
    #expect(!Self.changed { $0.description += "\n\tünïcode 🙂" }.hidesText)
  }
}
